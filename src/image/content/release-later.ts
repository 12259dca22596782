// The space of large files that are removed, given back while nobody waits.
//
// The kernel gives a file's blocks back when its last name is gone and its last descriptor is closed, and
// whoever closes that waits: a quarter of a second for 300 MB on a disk that is told of each block. So a
// process that has nothing else to do gets the descriptors, and ends. There is nothing to recover from: a
// killed process closes them, too, and a file without a name does not outlive the machine.

import { O_CLOEXEC, O_RDONLY } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { cloneArguments } from "../../plan/clone.ts";
import { offsetOf, ProgramBuilder, REPORT_REGISTER } from "../../program/builder.ts";
import type { Program } from "../../program/program.ts";
import { launchProgram, type StageProcess } from "../../stage/launch.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, tryOpenAt } from "../../sys/file.ts";
import { waitForPid } from "../../sys/process.ts";

/** Less is given back in about the time that starting a process takes. */
const LARGE_BYTES = 16 * 1024 * 1024;
/** Of descriptors. */
const MOST = 64;

export class LaterRelease implements Disposable {
  readonly #files: OwnedFd[] = [];

  /** Before the file's name is removed. `bytes`: what it takes of the disk. */
  keep(folderFd: number, path: string, bytes: number): void {
    if (bytes < LARGE_BYTES || this.#files.length === MOST) {
      return;
    }
    const { O_NOFOLLOW } = hostArchitecture.openFlags;
    const fd = tryOpenAt(folderFd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
      this.#files.push(new OwnedFd(fd));
    }
  }

  [Symbol.dispose](): void {
    const files = this.#files.splice(0);
    // Closed last: until then it keeps what is closed here.
    using _keeper = files.length === 0 ? undefined : launchKeeper(files);
    for (const file of files) {
      file[Symbol.dispose]();
    }
  }
}

/** Undefined where no process can be started: the space is given back here and now. */
function launchKeeper(files: readonly OwnedFd[]): StageProcess | undefined {
  try {
    const stage = launchProgram(keepUntilAlone(), { keepFds: files.map(({ number }) => number) });
    waitForPid(stage.pid);
    return stage;
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}

/** A child goes on until we have closed our end of the socket. Nobody's pipe stays open for it. */
function keepUntilAlone(): Program {
  const program = new ProgramBuilder(hostArchitecture);
  program.because("the removal of large files");
  const parent = program.label();
  program.fork(cloneArguments(program, {}), "keeper", parent);
  for (const stdio of [0, 1, 2]) {
    program.call("close", [stdio]);
  }
  program.control("receive", [REPORT_REGISTER, offsetOf(program.space(8, "end")), 8]);
  program.endFork(parent);
  program.control("exit", [0]);
  return program.finish();
}
