// Whose the files are that this process makes: its own, but for the time of a call.

import { PR_GET_SECUREBITS, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP } from "../abi/process.ts";
import { call, checked } from "./call.ts";

/** `action` may not wait for anything. Capabilities stay as they are, so this takes root. */
export function withFileIds<Result>(
  { uid, gid }: { readonly uid: number; readonly gid: number },
  action: () => Result,
): Result {
  const before = checked(call("prctl", PR_GET_SECUREBITS, 0, 0, 0, 0), "read", "the secure bits");
  setSecureBits(before | SECBIT_NO_SETUID_FIXUP);
  try {
    const ownGid = call("setfsgid", gid);
    const ownUid = call("setfsuid", uid);
    try {
      return action();
    } finally {
      call("setfsuid", ownUid);
      call("setfsgid", ownGid);
    }
  } finally {
    setSecureBits(before);
  }
}

function setSecureBits(bits: number): void {
  checked(call("prctl", PR_SET_SECUREBITS, bits, 0, 0, 0), "set", "the secure bits");
}
