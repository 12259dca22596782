// A process that another one clones for the stage (CLONE_PARENT) is the stage's child, but the stage does
// not know which: it is told through a pipe.

import { O_CLOEXEC } from "../abi/file.ts";
import { flags, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import { OPEN_NAMES } from "./flag-names.ts";

export interface Handover {
  readonly reader: Register;
  readonly writer: Register;
}

/** A child of the stage. */
export interface KeptProcess {
  /** As the stage sees it. */
  readonly pid: Register;
  readonly pidfd: Register;
}

/** In the stage, before the process in between is cloned. */
export function openHandover(program: ProgramBuilder): Handover {
  const pipe = program.space(8, "handover");
  program.call("pipe2", [pipe, flags(O_CLOEXEC, OPEN_NAMES)]);
  return {
    reader: program.control("load", [offsetOf(pipe), 4], { result: "handoverRead" }),
    writer: program.control("load", [offsetOf(pipe, 4), 4], { result: "handoverWrite" }),
  };
}

/** In the process in between. */
export function handOver(program: ProgramBuilder, { writer }: Handover, child: Register): void {
  const room = program.space(8, "pid");
  program.control("store", [child, offsetOf(room), 8]);
  program.call("write", [writer, room, 8]);
}

/** In the stage, which ends here when there is nobody to take over. */
export function takeOver(program: ProgramBuilder, { reader, writer }: Handover): KeptProcess {
  program.close(writer);
  const room = program.space(8, "pid");
  program.control("receive", [reader, offsetOf(room), 8]);
  program.close(reader);
  const pid = program.control("load", [offsetOf(room), 8], { result: "process" });
  // Nobody else waits for it: until the stage does, the pid is its own.
  const pidfd = program.call("pidfd_open", [pid, 0], { result: "pidfd" });
  return { pid, pidfd };
}
