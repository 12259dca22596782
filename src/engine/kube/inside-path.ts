// Paths inside of a volume. No I/O.

const LONGEST_NAME = 255;

/** Neither the volume itself nor anything outside. */
export function isInside(path: string): boolean {
  const names = path.split("/");
  return names.every((name) => !["", ".", ".."].includes(name) && name.length <= LONGEST_NAME);
}
