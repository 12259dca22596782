// bpf(2), as far as the device filters of cgroup v2 need it. union bpf_attr by 32-bit words:
//
//   PROG_LOAD    0 type | 1 instruction count | 2 instructions (64) | 4 license (64) | 6 log level |
//                7 log size | 8 log (64)
//   PROG_ATTACH  0 target | 1 program | 2 attach type | 3 flags | 4 program to replace
//   PROG_QUERY   0 target | 1 attach type | 4 ids (64) | 6 their count | 14 revision (64)
//   PROG_GET_FD_BY_ID  0 id

import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { bytes, decodeText, encodeText, setU64, words } from "./memory.ts";

const BPF_PROG_LOAD = 5;
const BPF_PROG_ATTACH = 8;
const BPF_PROG_DETACH = 9;
const BPF_PROG_GET_FD_BY_ID = 13;
const BPF_PROG_QUERY = 16;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;
const BPF_F_ALLOW_MULTI = 2;
const BPF_F_REPLACE = 4;

const INSTRUCTION_BYTES = 8;
const LOG_BYTES = 64 * 1024;
const MOST_ATTEMPTS = 30;
const MOST_PROGRAMS = 64;
const RLIMIT_MEMLOCK = 8;
const ATTRIBUTE_WORDS = 30;

function bpf(command: number, attributes: Uint32Array): number {
  return call("bpf", command, addressOf(attributes), attributes.byteLength);
}

/** Loads a program for device accesses. Returns its descriptor, close-on-exec, or -errno. */
export function tryLoadDeviceProgram(instructions: Uint8Array): number {
  const result = loadPatiently(instructions, undefined);
  return result === -Errno.EPERM ? withUnlimitedLockedMemory(instructions) : result;
}

/** The verifier's words about a program that it refused; "" where it says nothing. */
export function explainDeviceProgram(instructions: Uint8Array): string {
  const log = bytes(LOG_BYTES);
  const fd = loadPatiently(instructions, log);
  if (fd >= 0) {
    call("close", fd);
  }
  return decodeText(log.subarray(0, log.indexOf(0))).trim();
}

/** A signal interrupts the verifier of some kernels: EAGAIN. */
function loadPatiently(instructions: Uint8Array, log: Uint8Array | undefined): number {
  const license = encodeText("Apache\0");
  const code = bytes(instructions.length);
  code.set(instructions);
  const attributes = words(ATTRIBUTE_WORDS);
  attributes[0] = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes[1] = instructions.length / INSTRUCTION_BYTES;
  setU64(attributes, 2, addressOf(code));
  setU64(attributes, 4, addressOf(license));
  if (log !== undefined) {
    attributes[6] = 1;
    attributes[7] = log.length;
    setU64(attributes, 8, addressOf(log));
  }
  let result = bpf(BPF_PROG_LOAD, attributes);
  for (let attempt = 1; result === -Errno.EAGAIN && attempt < MOST_ATTEMPTS; attempt += 1) {
    result = bpf(BPF_PROG_LOAD, attributes);
  }
  return result;
}

/** Kernels before 5.11 charge programs to RLIMIT_MEMLOCK, and say EPERM when it is used up. */
function withUnlimitedLockedMemory(instructions: Uint8Array): number {
  const unlimited = words(4).fill(0xffff_ffff);
  const before = words(4);
  const raised = call("prlimit64", 0, RLIMIT_MEMLOCK, addressOf(unlimited), addressOf(before));
  const result = loadPatiently(instructions, undefined);
  if (raised === 0) {
    call("prlimit64", 0, RLIMIT_MEMLOCK, addressOf(before), 0);
  }
  return result;
}

/**
 * The descriptors of the device programs attached to a cgroup, or -errno. Those that a security module
 * hides are left out: they can only deny more.
 */
export function tryAttachedDevicePrograms(cgroupFd: number): number[] | number {
  const ids = words(MOST_PROGRAMS);
  // The kernel writes the revision at word 14, whatever size it is told (Linux 6.17 to 7.1).
  const attributes = words(ATTRIBUTE_WORDS);
  attributes[0] = cgroupFd;
  attributes[1] = BPF_CGROUP_DEVICE;
  setU64(attributes, 4, addressOf(ids));
  attributes[6] = ids.length;
  const result = bpf(BPF_PROG_QUERY, attributes);
  if (result < 0) {
    return result;
  }
  const found = [...ids.subarray(0, attributes[6] ?? 0)];
  return found.map(openProgram).filter((fd) => fd >= 0);
}

function openProgram(id: number): number {
  const attributes = words(ATTRIBUTE_WORDS);
  attributes[0] = id;
  const fd = bpf(BPF_PROG_GET_FD_BY_ID, attributes);
  const isHidden = fd === -Errno.EACCES || fd === -Errno.EPERM || fd === -Errno.ENOENT;
  return isHidden ? -1 : checked(fd, "open", `the BPF program ${id}`);
}

/** Attaches beside other programs, in place of `replacedFd` where that is given; 0 or -errno. */
export function tryAttachDeviceProgram(
  cgroupFd: number,
  programFd: number,
  replacedFd?: number,
): number {
  if (replacedFd === 0) {
    throw new OcicatError("internal", {
      operation: "replace",
      subject: "a BPF program",
      reason: "bpf(2) takes descriptor 0 for none",
    });
  }
  const attributes = words(ATTRIBUTE_WORDS);
  attributes[0] = cgroupFd;
  attributes[1] = programFd;
  attributes[2] = BPF_CGROUP_DEVICE;
  attributes[3] = BPF_F_ALLOW_MULTI | (replacedFd === undefined ? 0 : BPF_F_REPLACE);
  attributes[4] = replacedFd ?? 0;
  return bpf(BPF_PROG_ATTACH, attributes);
}

/** 0 or -errno. */
export function tryDetachDeviceProgram(cgroupFd: number, programFd: number): number {
  const attributes = words(ATTRIBUTE_WORDS);
  attributes[0] = cgroupFd;
  attributes[1] = programFd;
  attributes[2] = BPF_CGROUP_DEVICE;
  return bpf(BPF_PROG_DETACH, attributes);
}
