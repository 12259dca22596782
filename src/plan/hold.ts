// How a stage becomes the holder of a process (native/holder.c), and what it executes when all is over.

import { O_RDWR } from "../abi/file.ts";
import { SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { named, offsetOf, type ProgramBuilder, REPORT_REGISTER } from "../program/builder.ts";
import {
  encodeHoldRequest,
  HOLD_REQUEST_OFFSETS,
  HOLD_SETTLED,
  type HoldRequest,
  holdRequestPointers,
} from "../program/hold-request.ts";
import type { DataReference, Register } from "../program/program.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import type { KeptProcess } from "./handover.ts";
import { receiveDescriptor } from "./messages.ts";
import { endSparing, spareFromOomKills } from "./oom-score.ts";
import type { ExitCommand, HoldEnd } from "./request.ts";
import type { Stdio } from "./stdio.ts";
import { holdSupervised } from "./supervisor.ts";

const HOLDER_IGNORES = [SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM].reduce(
  (mask, signal) => mask | (1 << (signal - 1)),
  0,
);

export interface HeldProcess {
  /** A child of the stage. */
  readonly process: KeptProcess;
  readonly stdio: Stdio;
  /** Descriptors that the holder has no use for. */
  readonly givenUp: readonly Register[];
  /** Descriptors from 3 on, which are the process's alone. */
  readonly preserveFds: number;
}

/** The rest of the stage's program. */
export function holdProcess(program: ProgramBuilder, end: HoldEnd, held: HeldProcess): void {
  const { process, stdio } = held;
  becomeHolder(program, end);
  for (const fd of [...held.givenUp, ...stdio.initEnds]) {
    program.call("close", [fd]);
  }
  if (held.preserveFds > 0) {
    program.call("close_range", [3, 2 + held.preserveFds, 0]);
  }
  const hold = holdRequest(program, end);
  const keep = (value: Register, field: number) => {
    program.control("store", [value, offsetOf(hold, field), 4]);
  };
  const offsets = HOLD_REQUEST_OFFSETS;
  keep(process.pid, offsets.initPid);
  keep(process.pidfd, offsets.pidfd);
  if (stdio.kind === "pipes") {
    keep(stdio.holder.stdout, offsets.stdoutFd);
    keep(stdio.holder.stderr, offsets.stderrFd);
    if (stdio.holder.stdin !== undefined) {
      keep(stdio.holder.stdin, offsets.stdinFd);
    }
  } else if (stdio.kind === "terminal" && stdio.receiver !== undefined) {
    keep(receiveDescriptor(program, stdio.receiver, "terminal"), offsets.terminalFd);
    program.call("close", [stdio.receiver]);
  }
  holdToTheEnd(program, hold, end);
}

/** In a session of its own, where no signal that was meant for others reaches it. */
export function becomeHolder(
  program: ProgramBuilder,
  { ownOomScore }: Pick<HoldEnd, "ownOomScore">,
): void {
  program.control("reset_signals", [HOLDER_IGNORES, 0]);
  program.call("setsid", []);
  program.call("chdir", [program.text("/")]);
  spareFromOomKills(program, ownOomScore);
}

type Afterwards = "onExit" | "supervisor" | "ownOomScore";

/** Of the request, and of what comes with it. */
export type KnownHold = Pick<HoldEnd, Afterwards | "fifos" | "oomCountPath"> & HoldRequest;

/** Descriptors that are not known yet are stored in it later. */
export function holdRequest(
  program: ProgramBuilder,
  { onExit, fifos, supervisor, oomCountPath, ownOomScore: _, ...known }: KnownHold,
): DataReference {
  const words = encodeHoldRequest({
    stdoutStays: fifos?.stdout.endsWithReader === false,
    stderrStays: fifos?.stderr.endsWithReader === false,
    ...known,
    primarySettles: onExit?.isLeftToPrimary ?? false,
    supervised: supervisor !== undefined,
  });
  const texts = {
    ...(known.log === undefined ? {} : { logName: program.text(known.log.name) }),
    ...(oomCountPath === undefined ? {} : { oomPath: program.text(oomCountPath) }),
  };
  return program.structure(words, "hold", holdRequestPointers(texts));
}

/** The last ops of a program. */
export function holdToTheEnd(
  program: ProgramBuilder,
  hold: DataReference,
  end: Pick<HoldEnd, Afterwards | "removedPaths">,
): void {
  const { removedPaths = [], onExit, supervisor, ownOomScore } = end;
  program.call("close", [REPORT_REGISTER]);
  // Standard descriptors are the caller's: a holder that kept them would keep its pipes open.
  program.call("close_range", [0, 2, 0]);
  // What comes after the end is executed, too, where the end could not be written down.
  const caught = { errnos: "any" } as const;
  const holdOnce = () => program.control("hold", [offsetOf(hold)], { result: "held", caught });
  const held =
    supervisor === undefined
      ? holdOnce()
      : holdSupervised(program, holdOnce, { ...supervisor, ownOomScore });
  for (const path of removedPaths) {
    program.call("unlinkat", [CURRENT_DIRECTORY, program.text(path), 0], { caught });
  }
  // A client that was there at the end sees to what comes after it.
  const isNobodys = program.label();
  const isSettled = [held, named(0xffff_ffff, "ALL"), HOLD_SETTLED, Errno.EAGAIN];
  program.control("expect", isSettled, { caught: { errnos: [Errno.EAGAIN], target: isNobodys } });
  program.control("exit", [0]);
  program.place(isNobodys);
  endSparing(program, ownOomScore);
  executeAtEnd(program, onExit);
  program.control("exit", [0]);
}

const LAST_DESCRIPTOR = 0x7fff_ffff;

/** The container is gone and its record written: what a failure here leaves, the next command finds. */
export function executeAtEnd(program: ProgramBuilder, onExit: ExitCommand | undefined): void {
  const [path] = onExit?.command ?? [];
  if (onExit === undefined || path === undefined) {
    return;
  }
  const words = program.stringVector(onExit.command, "command");
  const environment = program.stringVector(onExit.environment, "environment");
  program.control("reset_signals", [0, 0]);
  // Locks that the holder has kept are free by then; what it opened itself may have a standard number.
  program.call("close_range", [0, LAST_DESCRIPTOR, 0]);
  // The lowest free descriptors: the standard ones.
  for (let descriptor = 0; descriptor < 3; descriptor++) {
    program.call(
      "openat",
      [CURRENT_DIRECTORY, program.text("/dev/null"), named(O_RDWR, "RDWR"), 0],
      { caught: { errnos: "any" } },
    );
  }
  program.call("execve", [program.text(path), words, environment], { caught: { errnos: "any" } });
}
