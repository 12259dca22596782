// A new holder for a process that goes on although its own was killed. It opens the same FIFOs; what it
// cannot have back is a terminal, and standard input: the last writer of both has gone.

import { compileAdoption, compileLastDuty } from "../plan/compile-adoption.ts";
import { ANSWER_GO } from "../plan/reports.ts";
import { type ExitCommand, type HoldEnd, holdersDescriptors } from "../plan/request.ts";
import { launchProgram } from "../stage/launch.ts";
import { hostArchitecture } from "../sys/entry.ts";
import type { ContainerAddress } from "./delete.ts";
import { oomCountOf } from "./oom-kills.ts";
import { tryOpenOutputFifo } from "./output-fifos.ts";
import { ownOomScore } from "./own-oom-score.ts";
import { type OwnScope, placeHolder } from "./place-holder.ts";
import { StateDirectory } from "./state-directory.ts";
import { openInit } from "./status.ts";

interface NewHolder extends Omit<HoldEnd, "kind" | "stdin" | "fifos"> {
  /** Called with its pid before it begins: should this process end until then, there is no new holder. */
  readonly onHolder: (pid: number) => void;
}

export interface AdoptOptions extends ContainerAddress, NewHolder {}

/** Of a container's own process. False: it has ended. */
export function adopt(options: AdoptOptions): boolean {
  const { stateRoot, id, ...holder } = options;
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  const state = directory.readState();
  using init = openInit(state);
  if (init === undefined) {
    return false;
  }
  const held = { id, pid: state.pid, pidfd: init.number, fifosFd: directory.fd };
  adoptProcess(held, { ...holder, ...oomCountOf(state.cgroup) });
  return true;
}

export interface OrphanedProcess {
  /** Of what is held: names the holder's scope. */
  readonly id: string;
  readonly pid: number;
  readonly pidfd: number;
  /** The folder where the FIFOs of its output are. */
  readonly fifosFd: number;
}

export function adoptProcess(orphan: OrphanedProcess, { onHolder, ...duties }: NewHolder): void {
  using stdout = tryOpenOutputFifo(orphan.fifosFd, "stdout");
  using stderr = tryOpenOutputFifo(orphan.fifosFd, "stderr");
  const ends = {
    pidfd: orphan.pidfd,
    ...(stdout === undefined ? {} : { stdoutFd: stdout.number }),
    ...(stderr === undefined ? {} : { stderrFd: stderr.number }),
  };
  const program = compileAdoption({
    architecture: hostArchitecture,
    // Whether the one before could have ended its streams nobody knows any more.
    held: {
      ...duties,
      ...ends,
      ...ownOomScore(),
      initPid: orphan.pid,
      stdoutStays: true,
      stderrStays: true,
    },
  });
  const keepFds = [...Object.values(ends), ...holdersDescriptors(duties)];
  using stage = launchProgram(program, { keepFds, staysBehind: true });
  onHolder(stage.pid);
  stage.send(ANSWER_GO);
  placeHolder(stage.pid, orphan.id, OWN_SCOPE);
}

/** Executes, as a holder does at its end, what one that was killed has left to be done. */
export function executeLastDuty(onExit: ExitCommand): number {
  using stage = launchProgram(compileLastDuty(hostArchitecture, onExit), { staysBehind: true });
  return stage.pid;
}

/** A systemd that refuses has no say in whether the container goes on. */
const OWN_SCOPE: OwnScope = { onRefusal: () => undefined };
