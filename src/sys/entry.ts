// The only native entry of the TypeScript program: two pieces of machine code in one page that is
// made read-execute before its first use. bun:ffi is imported nowhere else.
//
//   syscall(number, a0 .. a5) -> result, or -errno
//     One raw system call. errno through libc is unreliable here: other calls of the JavaScript
//     engine overwrite it before it can be read.
//
//   spawn(list, count, flags) -> pid of the child, or -errno
//     clone(flags | CLONE_VM | CLONE_VFORK): the child executes `count` system calls from `list`,
//     one after the other, while this thread stands still. The last is an execve; should all of
//     them return, the child exits with 127. An entry of the list, eight 64-bit words:
//
//        0        1 .. 6      7
//       +--------+-----------+--------+
//       | number | arguments | result |   the child writes `result`, so the caller sees its errno
//       +--------+-----------+--------+
//
// Machine code in a page needs no compiler, no shared object and one symbol per entry: each symbol
// that the dynamic linker looks up costs start-up time.

import { dlopen, FFIType, linkSymbols, ptr, toArrayBuffer } from "bun:ffi";
import { type Architecture, architectureNamed } from "../abi/architecture.ts";
import { OcicatError } from "../error/ocicat-error.ts";

const PAGE_BYTES = 4096;
const SPAWN_OFFSET = 256;
const PROT_READ_WRITE = 3;
const PROT_READ_EXECUTE = 5;
const MAP_PRIVATE_ANONYMOUS = 0x22;

interface NativeEntry {
  syscall(
    number: number,
    a0: number,
    a1: number,
    a2: number,
    a3: number,
    a4: number,
    a5: number,
  ): number;
  spawn(list: number, count: number, flags: number): number;
}

/** The architecture that this process runs on. */
export const hostArchitecture: Architecture = architectureNamed(
  process.arch === "arm64" ? "aarch64" : "x86_64",
);

let entry: NativeEntry | undefined;

/** Made at the first call, so that importing this file does nothing. */
function native(): NativeEntry {
  entry ??= makeEntry(hostArchitecture);
  return entry;
}

function makeEntry(architecture: Architecture): NativeEntry {
  const libc = dlopen("libc.so.6", {
    mmap: {
      args: [FFIType.ptr, FFIType.u64, FFIType.i32, FFIType.i32, FFIType.i32, FFIType.i64],
      returns: FFIType.i64_fast,
    },
    mprotect: { args: [FFIType.i64, FFIType.u64, FFIType.i32], returns: FFIType.i32 },
  });
  const page = Number(
    libc.symbols.mmap(null, PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0),
  );
  const code = new Uint8Array(toArrayBuffer(asPointer(page), 0, PAGE_BYTES));
  code.set(Uint8Array.fromHex(architecture.entryCode.syscall), 0);
  code.set(Uint8Array.fromHex(architecture.entryCode.spawn), SPAWN_OFFSET);
  if (libc.symbols.mprotect(page, PAGE_BYTES, PROT_READ_EXECUTE) !== 0) {
    throw new OcicatError("unsupported", {
      operation: "make",
      subject: "the system call entry executable",
      reason: "the kernel refuses executable memory",
    });
  }
  const word = FFIType.i64_fast;
  const linked = linkSymbols({
    syscall: { ptr: asPointer(page), args: Array(7).fill(word), returns: word },
    spawn: { ptr: asPointer(page + SPAWN_OFFSET), args: [word, word, word], returns: word },
  });
  return linked.symbols as unknown as NativeEntry;
}

type Pointer = ReturnType<typeof ptr>;

function asPointer(address: number): Pointer {
  return address as Pointer;
}

/** One raw system call. Returns its result, or -errno; never throws. */
// biome-ignore lint/complexity/useMaxParams: a system call has a number and six arguments
export function rawSyscall(number: number, a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0): number {
  return Number(native().syscall(number, a0, a1, a2, a3, a4, a5));
}

/** See the head of this file. `list` is the address of `count` entries of eight 64-bit words. */
export function rawSpawn(list: number, count: number, flags: number): number {
  return Number(native().spawn(list, count, flags));
}

interface KeptBuffers {
  readonly most: number;
  readonly buffers: ArrayBufferView[];
  next: number;
}

/**
 * Buffers whose addresses were given out last. The compiler may see that a buffer is not used any more
 * once its address is known, and let it be collected before the kernel has written to it.
 */
const smallBuffers: KeptBuffers = { most: 64, buffers: [], next: 0 };
/** Each is for one system call that follows at once. 64 of a megabyte would be too many to keep. */
const largeBuffers: KeptBuffers = { most: 4, buffers: [], next: 0 };
const LARGE_BYTES = 64 * 1024;

/**
 * The address of a buffer, for the kernel. The buffer must be made over an explicit ArrayBuffer: a
 * small `new Uint8Array(n)` moves its storage when its `.buffer` is touched. It stays alive for at least
 * 64 further addresses, or 4 of buffers of 64 KiB and more: long enough for the one system call that this
 * one is for.
 */
export function addressOf(buffer: ArrayBufferView): number {
  const kept = buffer.buffer.byteLength < LARGE_BYTES ? smallBuffers : largeBuffers;
  kept.buffers[kept.next] = buffer;
  kept.next = (kept.next + 1) % kept.most;
  return Number(ptr(buffer as Uint8Array));
}
