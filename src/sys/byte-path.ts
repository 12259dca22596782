// File names that need not be UTF-8, as those of an image: BYTE STRINGS, one character (0 to 255) per
// byte. Text of ASCII alone is the same either way.

import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, O_CLOEXEC, STATX_BASIC_STATS } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { type FileStatus, type OpenHow, statusFromStatx } from "./file.ts";
import { bytes, decodeText, setU64, words } from "./memory.ts";

const RING_BYTES = 64 * 1024;
const LONGEST_PATH = 8 * 1024;
const LONGEST_LINK = 4096;
/** Of what is no UTF-8. */
const REPLACEMENT = "\uFFFD";

const encoder = new TextEncoder();

let ring: Uint8Array<ArrayBuffer> | undefined;
let ringAddress = 0;
let ringOffset = 0;

/**
 * The address of a byte string as a C string. It stays valid for at least seven further calls, even
 * of the greatest length: long enough for one system call.
 */
export function bytePath(name: string): number {
  if (name.length >= LONGEST_PATH || name.includes("\0")) {
    throw new OcicatError("invalid-argument", {
      operation: "pass",
      subject: `a path of ${name.length} bytes to the kernel`,
      reason: name.includes("\0") ? "it contains a NUL" : "it is too long",
    });
  }
  if (ring === undefined) {
    ring = new Uint8Array(new ArrayBuffer(RING_BYTES));
    ringAddress = addressOf(ring);
  }
  if (ringOffset + LONGEST_PATH > RING_BYTES) {
    ringOffset = 0;
  }
  const start = ringOffset;
  writeByteString(name, ring, start);
  ring[start + name.length] = 0;
  ringOffset = start + name.length + 1;
  return ringAddress + start;
}

/** The encoder is fast and right for ASCII; anything else makes its result longer than the text. */
function writeByteString(name: string, target: Uint8Array, start: number): void {
  const place = target.subarray(start, start + name.length);
  const { read, written } = encoder.encodeInto(name, place);
  if (read === name.length && written === name.length) {
    return;
  }
  for (let index = 0; index < name.length; index += 1) {
    target[start + index] = name.charCodeAt(index);
  }
}

/** The decoder is fast and right for ASCII; anything else is shorter than its bytes, or is replaced. */
export function byteStringOf(content: Uint8Array): string {
  const decoded = decodeText(content);
  if (decoded.length === content.length && !decoded.includes(REPLACEMENT)) {
    return decoded;
  }
  let text = "";
  for (const byte of content) {
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The bytes of text in UTF-8, as a byte string. */
export function toByteString(text: string): string {
  return byteStringOf(encoder.encode(text));
}

/** For messages: read as UTF-8, in quotes. */
export function quoteByteString(name: string): string {
  return quote(decodeText(Uint8Array.from(name, (character) => character.charCodeAt(0))));
}

/** As checked, of a byte string: made readable only where there is something to say of it. */
export function checkedPath(result: number, operation: string, name: string): number {
  return result < 0 ? checked(result, operation, quoteByteString(name)) : result;
}

/** As tryOpenAt: the descriptor, close-on-exec, or -errno. */
export function tryOpenByteAt(directoryFd: number, name: string, flags: number, mode = 0): number {
  return call("openat", directoryFd, bytePath(name), flags | O_CLOEXEC, mode);
}

/** openat2(2), close-on-exec, with RESOLVE_* flags. Returns the descriptor, or -errno. */
export function tryOpenByteAt2(directoryFd: number, name: string, how: OpenHow): number {
  const openHow = words(6);
  setU64(openHow, 0, how.flags | O_CLOEXEC);
  setU64(openHow, 2, how.mode ?? 0);
  setU64(openHow, 4, how.resolve);
  return call("openat2", directoryFd, bytePath(name), addressOf(openHow), 24);
}

export interface TimedStatus extends FileStatus {
  /** Seconds since 1970, and nanoseconds forward from there. */
  readonly modified: { readonly seconds: number; readonly nanoseconds: number };
}

/**
 * As statAt, never following the last component; undefined for ENOENT and ENOTDIR. An empty name is
 * the descriptor's own status.
 */
export function statByteAt(directoryFd: number, name: string): TimedStatus | undefined {
  const status = words(64);
  const flags = AT_SYMLINK_NOFOLLOW | (name === "" ? AT_EMPTY_PATH : 0);
  const args = [directoryFd, bytePath(name), flags, STATX_BASIC_STATS, addressOf(status)] as const;
  const result = call("statx", ...args);
  if (result === -Errno.ENOENT || result === -Errno.ENOTDIR) {
    return undefined;
  }
  checkedPath(result, "read the status of", name);
  const seconds = ((status[29] ?? 0) | 0) * 0x1_0000_0000 + (status[28] ?? 0);
  return { ...statusFromStatx(status), modified: { seconds, nanoseconds: status[30] ?? 0 } };
}

export function readLinkByteAt(directoryFd: number, name: string): string {
  const buffer = bytes(LONGEST_LINK);
  const args = [directoryFd, bytePath(name), addressOf(buffer), buffer.length] as const;
  const length = checkedPath(call("readlinkat", ...args), "read the link", name);
  return byteStringOf(buffer.subarray(0, length));
}
