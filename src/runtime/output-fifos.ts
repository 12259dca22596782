// FIFOs for the output of a process that has a holder, in a folder that no container sees: they outlive a
// holder that is killed, and the next one opens them by their names.

import { O_NONBLOCK, O_RDWR, S_IFIFO, S_IFMT } from "../abi/file.ts";
import type { HoldEnd } from "../plan/request.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, statAt, tryOpenAt } from "../sys/file.ts";

export const OUTPUT_FIFOS = { stdout: "stdout", stderr: "stderr" } as const;
export const OUTPUT_FIFO_NAMES: readonly string[] = Object.values(OUTPUT_FIFOS);

type OutputName = keyof typeof OUTPUT_FIFOS;

/** As OutputFifo has it, for each of the streams. */
export type EndsWithReader = Readonly<Record<OutputName, boolean>>;

const STAYS: EndsWithReader = { stdout: false, stderr: false };

export function outputFifoPath(folder: string, stream: OutputName): string {
  return `${folder}/${OUTPUT_FIFOS[stream]}`;
}

/** Those that a program is to make in `folder`, an absolute path. */
export function outputFifos(folder: string, endsWithReader = STAYS): NonNullable<HoldEnd["fifos"]> {
  const fifo = (stream: OutputName) => ({
    path: outputFifoPath(folder, stream),
    endsWithReader: endsWithReader[stream],
  });
  return { stdout: fifo("stdout"), stderr: fifo("stderr") };
}

/** Undefined: there is none, for the process has a terminal instead. */
export function tryOpenOutputFifo(folderFd: number, stream: OutputName): OwnedFd | undefined {
  const openFlags = O_RDWR | O_NONBLOCK | hostArchitecture.openFlags.O_NOFOLLOW;
  const fd = tryOpenAt(folderFd, OUTPUT_FIFOS[stream], openFlags);
  if (fd < 0) {
    return undefined;
  }
  using file = new OwnedFd(fd);
  const isFifo = ((statAt(file.number, "")?.mode ?? 0) & S_IFMT) === S_IFIFO;
  return isFifo ? new OwnedFd(file.release()) : undefined;
}
