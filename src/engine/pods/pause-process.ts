// The process of a pod, which does nothing but be there: the pod's namespaces last as long as it does.
// Where the containers share its pid namespace it is the first process there, and the kernel reaps for it
// the processes that nobody else waits for.
//
// Its only file is the stage; the program is a sealed memfd that the process inherits.

import { AT_FDCWD, O_CREAT, O_EXCL, O_WRONLY } from "../../abi/file.ts";
import { SIGCHLD } from "../../abi/process.ts";
import { ProgramBuilder } from "../../program/builder.ts";
import { encodeProgram } from "../../program/encode.ts";
import { stageBytes } from "../../stage/stage-executable.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { sealedData } from "../../sys/executable.ts";
import { OwnedFd, openAt, tryUnlinkAt, writeAll } from "../../sys/file.ts";

/** The stage's arguments: its program is descriptor 3, and what it would report goes nowhere. */
export const PAUSE_ARGS = ["/pause", "3", "2"];

const SIGNAL_SET_BYTES = 8;

/** Puts the stage into the root file system, as /pause. */
export function fillPauseRoot(path: string): void {
  // Of the start before.
  tryUnlinkAt(AT_FDCWD, `${path}/pause`);
  const flagBits = O_WRONLY | O_CREAT | O_EXCL;
  using file = new OwnedFd(openAt(AT_FDCWD, `${path}/pause`, flagBits, 0o755));
  writeAll(file.number, stageBytes(), "the process of a pod");
}

/** A sealed memfd with the program that the process executes. */
export function pauseProgramFd(): number {
  const program = new ProgramBuilder(hostArchitecture);
  program.because("pause");
  // Children of who ignores this signal leave no zombies, also those that were others' (wait(2)).
  program.control("reset_signals", [1 << (SIGCHLD - 1), 0]);
  const again = program.label();
  program.place(again);
  program.call("ppoll", [0, 0, 0, 0, SIGNAL_SET_BYTES]);
  program.jump(again);
  return sealedData("ocicat-pause", encodeProgram(program.finish()));
}
