// A container that needs a supervisor: its holder starts one, and again whenever it goes or does not come.
// Many containers have the same one, so it is executed by whoever gets its lock:
//
//   holder                starter                 supervisor
//   fork ---------------> fork -----------------> waits for the lock, at most LOCK_PATIENCE_S
//   waits for it <------- exits                   executes the program, which keeps the lock
//   holds the container
//
// The lock is waited for, not only tried: of a supervisor that dies it may go later than the connections by
// which holders learn of its death. Who waits in vain is ended by SIGALRM: another one has it.

import { LOCK_EX, O_CREAT, O_RDWR } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { flags, named, type ProgramBuilder } from "../program/builder.ts";
import { HOLD_SUPERVISOR_GONE } from "../program/hold-request.ts";
import type { Register } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import { endSparing } from "./oom-score.ts";
import type { HoldEnd, SupervisorStart } from "./request.ts";

const LOCK_PATIENCE_S = 2;
const LAST_DESCRIPTOR = 0x7fff_ffff;
const ITIMER_REAL = 0;
const STANDARD_DESCRIPTORS = 3;

/** Begins with the score that its holder had. */
type Start = SupervisorStart & { readonly ownOomScore: HoldEnd["ownOomScore"] };

/** The op `hold`, as often as the supervisor goes while the container runs. What it returns is `held`. */
export function holdSupervised(
  program: ProgramBuilder,
  holdOnce: () => Register,
  supervisor: Start,
): Register {
  const again = program.label();
  const over = program.label();
  program.place(again);
  startSupervisor(program, supervisor);
  const held = holdOnce();
  const isGone = [held, named(0xffff_ffff, "ALL"), HOLD_SUPERVISOR_GONE, Errno.EAGAIN];
  program.control("expect", isGone, { caught: { errnos: [Errno.EAGAIN], target: over } });
  program.jump(again);
  program.place(over);
  return held;
}

/** Whatever fails here: the container is held all the same. */
function startSupervisor(program: ProgramBuilder, supervisor: Start): void {
  const previous = program.because("supervisor");
  const holderGoesOn = program.label();
  const clone = cloneArguments(program, {});
  const starter = program.fork(clone, "starter", holderGoesOn, { errnos: "any" });
  // Nothing of the container stays open, nor anything that a failure could be reported to.
  program.call("close_range", [0, LAST_DESCRIPTOR, 0]);
  const starterGoesOn = program.label();
  program.fork(clone, "supervisor", starterGoesOn);
  executeWithLock(program, supervisor);
  program.endFork(starterGoesOn);
  program.control("exit", [0]);
  program.endFork(holderGoesOn);
  program.call("wait4", [starter, 0, 0, 0], { caught: { errnos: "any" } });
  program.forget(starter);
  program.because(previous);
}

function executeWithLock(program: ProgramBuilder, supervisor: Start): void {
  const { command, environment, lockPath, ownOomScore } = supervisor;
  endSparing(program, ownOomScore);
  program.control("reset_signals", [0, 0]);
  program.call("setsid", []);
  for (let descriptor = 0; descriptor < STANDARD_DESCRIPTORS; descriptor++) {
    const nothing = [CURRENT_DIRECTORY, program.text("/dev/null"), named(O_RDWR, "RDWR"), 0];
    program.call("openat", nothing);
  }
  const openFlags = flags(O_RDWR | O_CREAT, OPEN_NAMES);
  const opened = [CURRENT_DIRECTORY, program.text(lockPath), openFlags, named(0o600, "0600")];
  const lock = program.call("openat", opened, { result: "lock" });
  setAlarm(program, LOCK_PATIENCE_S);
  program.call("flock", [lock, named(LOCK_EX, "EX")]);
  setAlarm(program, 0);
  const words = program.stringVector(command, "command");
  const variables = program.stringVector(environment, "environment");
  program.call("execve", [program.text(command[0] ?? ""), words, variables]);
}

/** struct itimerval: interval and value, seconds and microseconds of 64 bits each. */
function setAlarm(program: ProgramBuilder, seconds: number): void {
  const timer = new Uint32Array(8);
  timer[4] = seconds;
  const text = seconds === 0 ? "never" : `${seconds} s`;
  const value = program.structure(timer, text);
  program.call("setitimer", [named(ITIMER_REAL, "REAL"), value, 0]);
}
