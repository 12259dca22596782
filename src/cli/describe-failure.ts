// An error as a person reads it: one line, the hint on its own.

import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { printable } from "./terminal/printable.ts";

export function describeFailure(error: unknown): string {
  if (!(error instanceof OcicatError)) {
    return `a defect of ocicat: ${error instanceof Error ? withStack(error) : String(error)}`;
  }
  const text = error.hint ?? diskHint(error);
  const hint = text === undefined ? "" : `\nhint: ${text}`;
  const others = error.cleanupFailures
    .filter((failure) => !isTheSame(failure, error))
    .map((failure) => `\nthen: ${describeFailure(failure)}`);
  return printable(`${error.message}${others.join("")}${hint}`);
}

/** Not every engine begins the stack with the error itself. */
function withStack(error: Error): string {
  const { stack = "" } = error;
  return stack.includes(error.message) ? stack : `${String(error)}\n${stack}`;
}

/** What stopped the action often stops what would have cleaned up behind it. */
function isTheSame(failure: unknown, error: OcicatError): boolean {
  return failure instanceof OcicatError && failure.message === error.message;
}

/** Of what can't be written: what is named without its folder is the store's own. */
function diskHint({ errno, subject }: OcicatError): string | undefined {
  if (errno === Errno.ENOSPC || errno === Errno.EDQUOT) {
    return "`ocicat system df` shows what takes the space, `ocicat system prune` frees some";
  }
  if (errno === Errno.EROFS && !subject.startsWith('"/')) {
    return "the store can only be read: `ocicat info` shows where it is, --store takes another one";
  }
  // A lock of the store's: there a user who may read alone is stopped first.
  if (errno === Errno.EACCES && /^"[^/]+\.lock"$/.test(subject)) {
    return (
      "the store is another user's: --store takes one of your own; " +
      "`ocicat run oci:STORE:NAME` brings an image there"
    );
  }
  return undefined;
}
