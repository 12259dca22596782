// A new holder for a container that goes on although its own was killed. It opens the same FIFOs; what it
// cannot have back is a terminal, and standard input: the last writer of both has gone.

import { O_NONBLOCK, O_RDWR, S_IFIFO, S_IFMT } from "../abi/file.ts";
import { compileAdoption, compileLastDuty } from "../plan/compile-adoption.ts";
import { ANSWER_GO } from "../plan/reports.ts";
import { type ExitCommand, type HoldEnd, holdersDescriptors } from "../plan/request.ts";
import { launchProgram } from "../stage/launch.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, statAt, tryOpenAt } from "../sys/file.ts";
import type { ContainerAddress } from "./delete.ts";
import { type OwnScope, placeHolder } from "./place-holder.ts";
import { OUTPUT_FIFOS, StateDirectory } from "./state-directory.ts";
import { openInit } from "./status.ts";

export interface AdoptOptions extends ContainerAddress, Omit<HoldEnd, "kind" | "stdin" | "fifos"> {
  /** Called with its pid before it begins: should this process end until then, there is no new holder. */
  readonly onHolder: (pid: number) => void;
}

/** False: the container's process has ended. */
export function adopt(options: AdoptOptions): boolean {
  const { stateRoot, id, onHolder, ...duties } = options;
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  const state = directory.readState();
  using init = openInit(state);
  if (init === undefined) {
    return false;
  }
  using stdout = openFifo(directory, OUTPUT_FIFOS.stdout);
  using stderr = openFifo(directory, OUTPUT_FIFOS.stderr);
  const ends = {
    pidfd: init.number,
    ...(stdout === undefined ? {} : { stdoutFd: stdout.number }),
    ...(stderr === undefined ? {} : { stderrFd: stderr.number }),
  };
  const program = compileAdoption({
    architecture: hostArchitecture,
    // Whether the one before could have ended its streams nobody knows any more.
    held: { ...duties, ...ends, initPid: state.pid, stdoutStays: true, stderrStays: true },
  });
  const keepFds = [...Object.values(ends), ...holdersDescriptors(duties)];
  using stage = launchProgram(program, { keepFds, staysBehind: true });
  onHolder(stage.pid);
  stage.send(ANSWER_GO);
  placeHolder(stage.pid, id, OWN_SCOPE);
  return true;
}

/** Executes, as a holder does at its end, what one that was killed has left to be done. */
export function executeLastDuty(onExit: ExitCommand): void {
  using _stage = launchProgram(compileLastDuty(hostArchitecture, onExit), { staysBehind: true });
}

/** A systemd that refuses has no say in whether the container goes on. */
const OWN_SCOPE: OwnScope = { onRefusal: () => undefined };

/** Undefined: the container has a terminal instead. */
function openFifo(directory: StateDirectory, name: string): OwnedFd | undefined {
  const fd = tryOpenAt(
    directory.fd,
    name,
    O_RDWR | O_NONBLOCK | hostArchitecture.openFlags.O_NOFOLLOW,
  );
  if (fd < 0) {
    return undefined;
  }
  using file = new OwnedFd(fd);
  const isFifo = ((statAt(file.number, "")?.mode ?? 0) & S_IFMT) === S_IFIFO;
  return isFifo ? new OwnedFd(file.release()) : undefined;
}
