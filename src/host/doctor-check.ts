// One thing that `ocicat doctor` looks at, and what it found.

export interface Check {
  /** What was looked at: "user namespaces". */
  readonly name: string;
  readonly status: CheckStatus;
  /** A few words: what there is, or what is wrong. */
  readonly found: string;
  /** What to do about it; absent: there is nothing to do, or nothing can be done. */
  readonly fix?: string;
}

export type CheckStatus =
  | "ok"
  /** Something works less well, or not for everybody; containers run. */
  | "note"
  /** Containers do not run. */
  | "problem";

export function ok(name: string, found: string): Check {
  return { name, status: "ok", found };
}

export function note(name: string, found: string, fix?: string): Check {
  return { name, status: "note", found, ...(fix === undefined ? {} : { fix }) };
}

export function problem(name: string, found: string, fix?: string): Check {
  return { name, status: "problem", found, ...(fix === undefined ? {} : { fix }) };
}
