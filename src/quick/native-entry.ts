// In the place of src/sys/native-entry.ts: native/quick.c gives what that one loads.

import type { NativeEntry } from "../sys/native-entry.ts";

export function loadEntry(): NativeEntry {
  return native;
}

export function writeCString(text: string, into: Uint8Array, at: number): number {
  return native.encode(text.toWellFormed(), into, at, 1);
}
