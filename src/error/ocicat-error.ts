// The one error type. Its text reads `operation subject: reason`, in lower case, with quoted values.

import { Errno, errnoText } from "./errno.ts";

/**
 * What kind of failure this is. Front ends map each code once to an exit status, an HTTP status and
 * a gRPC status.
 */
export type ErrorCode =
  | "invalid-argument" // a flag, a name or a value that the caller gave
  | "invalid-config" // a document (config.json, image, manifest) that breaks its specification
  | "not-found"
  | "already-exists"
  | "wrong-state" // the container is not in a state that allows the operation
  | "permission-denied"
  | "unsupported" // this kernel, build or driver cannot do it
  | "exhausted" // no space, no descriptors, a limit reached
  | "timeout"
  | "unavailable" // a peer (systemd, a registry, a hook) did not answer as it should
  | "interrupted" // a signal or the caller's cancellation ended it
  | "system" // a system call failed in a way that no other code describes
  | "internal"; // a defect of ocicat

/** One thing wrong with a document, and where in it: `mounts[3].destination`, "required". */
export interface Fault {
  readonly path: string;
  readonly reason: string;
}

export interface ErrorDetails {
  /** A verb: "mount", "read", "create". */
  readonly operation: string;
  /** What it was done to, values quoted: `"tmpfs" on "/dev"`. */
  readonly subject: string;
  /** Why it did not work. Left out, it is the text of `errno`. */
  readonly reason?: string;
  readonly errno?: number;
  readonly cause?: unknown;
  /** What the user can do about it; only where there is something to do. */
  readonly hint?: string;
  /** All that is wrong with a document; `reason` then lists them. */
  readonly faults?: readonly Fault[];
}

export class OcicatError extends Error {
  override readonly name = "OcicatError";
  readonly code: ErrorCode;
  readonly operation: string;
  readonly subject: string;
  readonly reason: string;
  readonly errno: number | undefined;
  readonly hint: string | undefined;
  /** Empty unless a document was refused. */
  readonly faults: readonly Fault[];
  /** Failures of the clean-up that followed this error. They never replace it. */
  readonly cleanupFailures: unknown[] = [];

  constructor(code: ErrorCode, details: ErrorDetails) {
    const reason = details.reason ?? reasonFromErrno(details.errno);
    super(`${details.operation} ${details.subject}: ${reason}`, { cause: details.cause });
    this.code = code;
    this.operation = details.operation;
    this.subject = details.subject;
    this.reason = reason;
    this.errno = details.errno;
    this.hint = details.hint;
    this.faults = details.faults ?? [];
  }
}

function reasonFromErrno(errno: number | undefined): string {
  return errno === undefined ? "unknown reason" : errnoText(errno);
}

/** The error of a failed system call: its code follows from `errno`. */
export function systemError(
  errno: number,
  operation: string,
  subject: string,
  details: Pick<ErrorDetails, "cause" | "hint" | "reason"> = {},
): OcicatError {
  return new OcicatError(codeFromErrno(errno), { operation, subject, errno, ...details });
}

function codeFromErrno(errno: number): ErrorCode {
  switch (errno) {
    case Errno.ENOENT:
    case Errno.ESRCH:
      return "not-found";
    case Errno.EEXIST:
      return "already-exists";
    case Errno.EPERM:
    case Errno.EACCES:
    case Errno.EROFS:
      return "permission-denied";
    case Errno.ENOSYS:
    case Errno.EOPNOTSUPP:
      return "unsupported";
    case Errno.ENOSPC:
    case Errno.EDQUOT:
    case Errno.EMFILE:
    case Errno.ENFILE:
    case Errno.ENOMEM:
      return "exhausted";
    case Errno.ETIMEDOUT:
      return "timeout";
    case Errno.EINTR:
      return "interrupted";
    default:
      return "system";
  }
}

/** A value as error texts show it: JSON's quoting, so that control characters cannot hide. */
export function quote(value: string): string {
  return JSON.stringify(value);
}
