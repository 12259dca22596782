// The first twelve digits of an ID.

const DIGITS = 12;

export function shortId(digest: string): string {
  const colon = digest.indexOf(":");
  return digest.slice(colon + 1).slice(0, DIGITS);
}
