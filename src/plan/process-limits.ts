// What limits and places a process: rlimits, OOM score, scheduler, I/O priority, CPU affinity, memory
// policy, personality.

import { MEMORY_POLICY_MODES, type MemoryPolicy, type Personality } from "../oci/linux.ts";
import {
  IO_PRIORITY_CLASSES,
  type IoPriority,
  type Process,
  RLIMIT_TYPES,
  type Rlimit,
  SCHEDULER_FLAGS,
  SCHEDULER_POLICIES,
  type Scheduler,
  type Uint64,
} from "../oci/process.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Argument, Register } from "../program/program.ts";
import { openVerifiedProc, writeProc, writeProcIfAllowed } from "./kernel-settings.ts";

/** Writes a 64-bit value into two words. */
function putU64(content: Uint32Array, index: number, value: Uint64): void {
  if (typeof value === "number") {
    content[index] = value;
    content[index + 1] = Math.floor(value / 0x1_0000_0000);
    return;
  }
  content[index] = Number(value & 0xffff_ffffn);
  content[index + 1] = Number(value >> 32n);
}

/**
 * From the stage, on `child`: what a user namespace takes the privilege for, raising a hard limit and
 * writing the OOM score of a process that is not its user's.
 */
export function outerLimits(
  program: ProgramBuilder,
  process: Process | undefined,
  { child, privileged }: { readonly child: Register; readonly privileged: boolean },
): void {
  setRlimits(program, process?.rlimits ?? [], child);
  if (process?.oomScoreAdj === undefined) {
    return;
  }
  program.because("process.oomScoreAdj");
  const proc = openVerifiedProc(program);
  const digits = program.space(24, "pid");
  program.control("decimal", [child, offsetOf(digits)]);
  const pathFlags = named(0o12000000, "PATH|CLOEXEC");
  const directory = program.call("openat", [proc, digits, pathFlags], { result: "procPid" });
  // An ordinary user may not lower it below what it was: as with runc, it then stays so.
  const write = privileged ? writeProc : writeProcIfAllowed;
  write(program, directory, "oom_score_adj", String(process.oomScoreAdj));
  program.close(directory);
  program.close(proc);
}

/** Needs CAP_SYS_RESOURCE to raise a hard limit: so before the process gives up its capabilities. */
export function setRlimits(
  program: ProgramBuilder,
  rlimits: readonly Rlimit[],
  target: Argument = 0,
): void {
  rlimits.forEach(({ type, soft, hard }, index) => {
    program.because(`process.rlimits[${index}]`);
    const content = new Uint32Array(4);
    putU64(content, 0, soft);
    putU64(content, 2, hard);
    const limit = program.structure(content, `{${soft}, ${hard}}`);
    const number = named(RLIMIT_TYPES.indexOf(type), type);
    program.call("prlimit64", [target, number, limit, 0], { describes: () => `set ${type}` });
  });
}

/** Through the host's procfs, while the process may still write its own files there. */
export function setOomScore(program: ProgramBuilder, process: Process, proc: Register): void {
  if (process.oomScoreAdj === undefined) {
    return;
  }
  program.because("process.oomScoreAdj");
  writeProc(program, proc, "self/oom_score_adj", String(process.oomScoreAdj));
}

/** struct sched_attr, 56 bytes: sched_setattr(2). */
export function setScheduler(program: ProgramBuilder, scheduler: Scheduler): void {
  program.because("process.scheduler");
  const content = new Uint32Array(14);
  content[0] = content.byteLength;
  content[1] = SCHEDULER_POLICIES.indexOf(scheduler.policy);
  const flagBits = (scheduler.flags ?? []).reduce(
    (bits, flag) => bits | (1 << SCHEDULER_FLAGS.indexOf(flag)),
    0,
  );
  putU64(content, 2, flagBits);
  content[4] = scheduler.nice ?? 0;
  content[5] = scheduler.priority ?? 0;
  putU64(content, 6, scheduler.runtime ?? 0);
  putU64(content, 8, scheduler.deadline ?? 0);
  putU64(content, 10, scheduler.period ?? 0);
  const attributes = program.structure(content, `{${scheduler.policy}}`);
  program.call("sched_setattr", [0, attributes, 0], { describes: "set the scheduler" });
}

const IOPRIO_WHO_PROCESS = 1;
const IOPRIO_CLASS_SHIFT = 13;

export function setIoPriority(program: ProgramBuilder, ioPriority: IoPriority): void {
  program.because("process.ioPriority");
  const number = IO_PRIORITY_CLASSES.indexOf(ioPriority.class) + 1;
  const value = (number << IOPRIO_CLASS_SHIFT) | ioPriority.priority;
  const text = `${ioPriority.class}|${ioPriority.priority}`;
  const args = [named(IOPRIO_WHO_PROCESS, "WHO_PROCESS"), 0, named(value, text)];
  program.call("ioprio_set", args, { describes: "set the I/O priority" });
}

/** "0-3,7" as a bit mask in 32-bit words, at least two. */
function bitMask(list: string): Uint32Array {
  const numbers = list
    .split(",")
    .filter((part) => part.trim() !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
  const highest = numbers.reduce((most, number) => Math.max(most, number), 0);
  const mask = new Uint32Array(Math.ceil((highest + 1) / 64) * 2);
  for (const number of numbers) {
    mask[number >> 5] = (mask[number >> 5] ?? 0) | (1 << (number & 31));
  }
  return mask;
}

export function setCpuAffinity(program: ProgramBuilder, list: string, reason: string): void {
  program.because(reason);
  const mask = program.structure(bitMask(list), `{${list}}`);
  program.call("sched_setaffinity", [0, mask.size, mask], { describes: "set the CPU affinity" });
}

/** As the specification lists them; their numbers in linux/mempolicy.h. */
const MEMORY_POLICY_FLAG_BITS = {
  MPOL_F_NUMA_BALANCING: 1 << 13,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_STATIC_NODES: 1 << 15,
} as const;

export function setMemoryPolicy(program: ProgramBuilder, policy: MemoryPolicy): void {
  program.because("linux.memoryPolicy");
  const flagBits = (policy.flags ?? []).reduce(
    (bits, flag) => bits | MEMORY_POLICY_FLAG_BITS[flag],
    0,
  );
  const text = [policy.mode, ...(policy.flags ?? [])].join("|");
  const mode = named(MEMORY_POLICY_MODES.indexOf(policy.mode) | flagBits, text);
  const describes = "set the memory policy";
  if (policy.nodes === undefined || policy.nodes.trim() === "") {
    program.call("set_mempolicy", [mode, 0, 0], { describes });
    return;
  }
  const mask = bitMask(policy.nodes);
  const nodes = program.structure(mask, `{${policy.nodes}}`);
  // The kernel counts one bit less than it is told.
  program.call("set_mempolicy", [mode, nodes, mask.length * 32 + 1], { describes });
}

const PERSONALITIES = { LINUX: 0, LINUX32: 8 } as const;

export function setPersonality(program: ProgramBuilder, personality: Personality): void {
  program.because("linux.personality");
  const domain = named(PERSONALITIES[personality.domain], personality.domain);
  program.call("personality", [domain], { describes: "set the personality" });
}
