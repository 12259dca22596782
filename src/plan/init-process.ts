// `--init`: the container's init stays what it is, the stage, and the container's process is its child. It
// hands signals on, reaps orphans and ends as that process does, so that the image needs no program for it.
//
// Both pass the same filter with the same privileges: nobody gains anything by taking init over. Then its
// descriptors are closed and the program's data is wiped (the op `reap`).

import { PR_SET_CHILD_SUBREAPER, PR_SET_NAME, SIG_SETMASK } from "../abi/process.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Label, Register } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";

const SIGNAL_SET_BYTES = 8;
const TIOCSPGRP = 0x5410;
const STDIN = 0;
const NAME = "ocicat-init";
const LAST_FD = 0xffff_ffff;

export interface InitProcess {
  readonly hasTerminal: boolean;
}

export interface Fork {
  readonly child: Register;
  /** Where init goes on. */
  readonly parent: Label;
}

/** The ops that follow are the process's, until endFork. */
export function forkBelowInit(program: ProgramBuilder, init: InitProcess): Fork {
  program.because("process");
  const subreaper = named(PR_SET_CHILD_SUBREAPER, "SET_CHILD_SUBREAPER");
  program.call("prctl", [subreaper, 1, 0, 0, 0]);
  // Before the process can look, which has it until it executes its program.
  program.call("prctl", [named(PR_SET_NAME, "SET_NAME"), program.text(NAME), 0, 0, 0]);
  // None may come before they are waited for.
  const every = program.structure(new Uint32Array([0xffff_ffff, 0xffff_ffff]), "every signal");
  const block = [named(SIG_SETMASK, "SETMASK"), every, 0, SIGNAL_SET_BYTES];
  program.call("rt_sigprocmask", block);
  const parent = program.label();
  const child = program.fork(cloneArguments(program, {}), "process", parent);
  leadForeground(program, init);
  program.control("reset_signals", [0, 0]);
  return { child, parent };
}

/** A group of its own, which the keys of a terminal reach and init does not hand on a second time. */
function leadForeground(program: ProgramBuilder, { hasTerminal }: InitProcess): void {
  program.call("setpgid", [0, 0]);
  if (hasTerminal) {
    const group = program.space(8, "group");
    const pid = program.call("getpid", [], { result: "pid" });
    program.control("store", [pid, offsetOf(group), 4]);
    program.forget(pid);
    // SIGTTOU is blocked.
    const args = [STDIN, named(TIOCSPGRP, "SPGRP"), group];
    program.call("ioctl", args, { caught: { errnos: "any" } });
  }
}

/** Behind endFork: the runtime sees the process's execution when our copy of its socket is closed, too. */
export function becomeInit(program: ProgramBuilder, child: Register): void {
  program.call("close_range", [3, named(LAST_FD, "MAX"), 0], { caught: { errnos: "any" } });
  program.control("reap", [child]);
}
