// What a filter returns for each action of a profile, and how a listing writes it.

import * as kernel from "../../abi/seccomp.ts";
import { Errno, errnoName } from "../../error/errno.ts";
import type { SeccompAction } from "../../oci/seccomp.ts";

const RETURN_VALUES: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL: kernel.SECCOMP_RET_KILL_THREAD,
  SCMP_ACT_KILL_THREAD: kernel.SECCOMP_RET_KILL_THREAD,
  SCMP_ACT_KILL_PROCESS: kernel.SECCOMP_RET_KILL_PROCESS,
  SCMP_ACT_TRAP: kernel.SECCOMP_RET_TRAP,
  SCMP_ACT_ERRNO: kernel.SECCOMP_RET_ERRNO,
  SCMP_ACT_TRACE: kernel.SECCOMP_RET_TRACE,
  SCMP_ACT_ALLOW: kernel.SECCOMP_RET_ALLOW,
  SCMP_ACT_LOG: kernel.SECCOMP_RET_LOG,
  SCMP_ACT_NOTIFY: kernel.SECCOMP_RET_USER_NOTIF,
};

const ACTION_NAMES = new Map([
  [kernel.SECCOMP_RET_KILL_PROCESS, "KILL_PROCESS"],
  [kernel.SECCOMP_RET_KILL_THREAD, "KILL_THREAD"],
  [kernel.SECCOMP_RET_TRAP, "TRAP"],
  [kernel.SECCOMP_RET_ERRNO, "ERRNO"],
  [kernel.SECCOMP_RET_USER_NOTIF, "USER_NOTIF"],
  [kernel.SECCOMP_RET_TRACE, "TRACE"],
  [kernel.SECCOMP_RET_LOG, "LOG"],
  [kernel.SECCOMP_RET_ALLOW, "ALLOW"],
]);

/** What a call answers that is newer than the profile: the caller then tries an older one. */
export const RETURN_ENOSYS = kernel.SECCOMP_RET_ERRNO + Errno.ENOSYS;

/** The value that the filter returns; without `errnoRet` the actions that take one say EPERM. */
export function returnValue(action: SeccompAction, errnoRet: number | undefined): number {
  const value = RETURN_VALUES[action];
  const takesErrno = action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";
  return takesErrno ? value + ((errnoRet ?? Errno.EPERM) & kernel.SECCOMP_RET_DATA) : value;
}

/** Does the call go through? TRACE and USER_NOTIF leave that to another process. */
export function lets(value: number): "pass" | "block" | "ask" {
  switch (actionPart(value)) {
    case kernel.SECCOMP_RET_ALLOW:
    case kernel.SECCOMP_RET_LOG:
      return "pass";
    case kernel.SECCOMP_RET_TRACE:
    case kernel.SECCOMP_RET_USER_NOTIF:
      return "ask";
    default:
      return "block";
  }
}

/** `ALLOW`, `ERRNO(EPERM)`, `TRACE(1)`, as listings show what a filter returns. */
export function describeReturn(value: number): string {
  const action = actionPart(value);
  const name = ACTION_NAMES.get(action) ?? `0x${action.toString(16)}`;
  const data = value & kernel.SECCOMP_RET_DATA;
  if (action === kernel.SECCOMP_RET_ERRNO) {
    return `${name}(${errnoName(data)})`;
  }
  return data === 0 ? name : `${name}(${data})`;
}

/** The kernel's order of precedence: the smaller, the stricter. */
export function severity(value: number): number {
  return actionPart(value) | 0;
}

function actionPart(value: number): number {
  return (value & kernel.SECCOMP_RET_ACTION_FULL) >>> 0;
}
