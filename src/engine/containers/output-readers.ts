// Reading ends of a process's output that nobody reads from. Where a process is to see that the reader of
// its output has gone, it would see the same when its holder is killed: so an attached client keeps the
// FIFOs open, too, and lets go when its own reader has gone.

import { AT_FDCWD, O_NONBLOCK, O_RDONLY, S_IFIFO, S_IFMT, S_IFSOCK } from "../../abi/file.ts";
import { type OutputStream, STDERR, STDOUT } from "../../holder/attach-protocol.ts";
import { type EndsWithReader, outputFifoPath } from "../../runtime/output-fifos.ts";
import { OwnedFd, statAt, tryOpenAt } from "../../sys/file.ts";
import type { RunContainerOptions } from "../run-options.ts";

/** A client's descriptors. */
export interface Outputs {
  readonly outputFd: number;
  readonly errorFd: number;
}

export function outputsOf({
  outputFd,
  errorFd = outputFd,
}: Pick<RunContainerOptions, "outputFd" | "errorFd">): Outputs {
  return { outputFd: outputFd ?? 1, errorFd: errorFd ?? 2 };
}

/** Which of the process's streams are to end with the client's. */
export function endingWithReaders({ outputFd, errorFd }: Outputs): EndsWithReader {
  return { stdout: hasReader(outputFd), stderr: hasReader(errorFd) };
}

/** Whether `fd` is a pipe or a socket, whose other end may be closed. */
function hasReader(fd: number): boolean {
  const type = (statAt(fd, "")?.mode ?? 0) & S_IFMT;
  return type === S_IFIFO || type === S_IFSOCK;
}

export class OutputReaders implements Disposable {
  readonly #files: ReadonlyMap<OutputStream, OwnedFd>;

  /** `folder`: where the FIFOs are. */
  constructor(folder: string, endsWithReader: EndsWithReader) {
    const files = new Map<OutputStream, OwnedFd>();
    if (endsWithReader.stdout) {
      files.set(STDOUT, openReader(outputFifoPath(folder, "stdout")));
    }
    if (endsWithReader.stderr) {
      files.set(STDERR, openReader(outputFifoPath(folder, "stderr")));
    }
    this.#files = files;
  }

  close(stream: OutputStream): void {
    this.#files.get(stream)?.[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) {
      file[Symbol.dispose]();
    }
  }
}

/** A process with a terminal has none, and neither has one that has just ended. */
function openReader(path: string): OwnedFd {
  return new OwnedFd(tryOpenAt(AT_FDCWD, path, O_RDONLY | O_NONBLOCK));
}
