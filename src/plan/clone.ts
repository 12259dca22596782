// struct clone_args, as clone3(2) takes it: 64-bit fields flags, pidfd, child_tid, parent_tid,
// exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup.

import { CLONE_PARENT, SIGCHLD } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { DataReference, Register, Words } from "../program/program.ts";
import { splitU64 } from "./context.ts";
import { CLONE_NAMES } from "./flag-names.ts";

const FIELDS = 11;
/** Byte offset of the field `cgroup`, for a store of the directory's descriptor. */
export const CGROUP_FIELD = 80;

export interface CloneRequest {
  /** CLONE_* flags, up to 2^53. */
  readonly flags?: number;
  /** Where CLONE_PIDFD puts its descriptor. */
  readonly pidfd?: DataReference;
}

export function cloneArguments(program: ProgramBuilder, request: CloneRequest): DataReference {
  const content = new Uint32Array(FIELDS * 2);
  const flagBits = request.flags ?? 0;
  const [low, high] = splitU64(flagBits);
  content[0] = low;
  content[1] = high;
  // A child of the parent's parent takes over the parent's own signal.
  content[8] = (low & CLONE_PARENT) === 0 ? SIGCHLD : 0;
  const pointers = new Map<number, DataReference>();
  if (request.pidfd !== undefined) {
    pointers.set(2, request.pidfd);
  }
  return program.structure(content, () => describeClone(low, high), pointers);
}

const EXIT_STATUS_MASK = 0xffff;

/** Of a child that exits with 0 when all is done: not where it reported a failure, or was killed. */
export function awaitSuccess(program: ProgramBuilder, child: Register, describes: Words): void {
  const status = program.space(8, "status");
  program.call("wait4", [child, status, 0, 0]);
  const ended = program.control("load", [offsetOf(status), 4], { result: "ended" });
  program.control("expect", [ended, EXIT_STATUS_MASK, 0, Errno.EINVAL], { describes });
  program.forget(ended);
  program.forget(child);
}

function describeClone(low: number, high: number): string {
  const names = Object.entries(CLONE_NAMES).filter(([, bit]) => (low & bit) === bit);
  const parts = names.map(([name]) => name);
  if ((low & 0x1000) !== 0) {
    parts.push("PIDFD");
  }
  if ((low & 0x8000) !== 0) {
    parts.push("PARENT");
  }
  if (high !== 0) {
    parts.push("INTO_CGROUP");
  }
  return parts.length === 0 ? "SIGCHLD" : parts.join("|");
}
