// The error of a store whose folder this user may not enter, or make.

import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";

export function closedStore(root: string, cause?: OcicatError): OcicatError {
  return new OcicatError("permission-denied", {
    operation: "open",
    subject: `the store ${quote(root)}`,
    errno: Errno.EACCES,
    hint: "it is another user's place: run as that user, or give a folder of your own with --store",
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What `action` returns; its refusals become the store's. */
export function inStore<Result>(root: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    if (error instanceof OcicatError && error.errno === Errno.EACCES) {
      throw closedStore(root, error);
    }
    throw error;
  }
}
