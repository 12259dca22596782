// Reading ends of a process's output that nobody reads from. Where a process is to see that the reader of
// its output has gone, it would see the same when its holder is killed: so an attached client keeps the
// FIFOs open, too, and lets go when its own reader has gone.

import { AT_FDCWD, O_NONBLOCK, O_RDONLY, S_IFIFO, S_IFMT, S_IFSOCK } from "../../abi/file.ts";
import { type OutputStream, STDERR, STDOUT } from "../../holder/attach-protocol.ts";
import { outputFifoPath } from "../../runtime/output-fifos.ts";
import { OwnedFd, statAt, tryOpenAt } from "../../sys/file.ts";

/** Whether `fd` is a pipe or a socket, whose other end may be closed. */
export function hasReader(fd: number): boolean {
  const type = (statAt(fd, "")?.mode ?? 0) & S_IFMT;
  return type === S_IFIFO || type === S_IFSOCK;
}

export interface OutputReadersRequest {
  /** Where the FIFOs are. */
  readonly folder: string;
  readonly outputFd: number;
  readonly errorFd: number;
}

export class OutputReaders implements Disposable {
  readonly #files: ReadonlyMap<OutputStream, OwnedFd>;

  constructor({ folder, outputFd, errorFd }: OutputReadersRequest) {
    const files = new Map<OutputStream, OwnedFd>();
    if (hasReader(outputFd)) {
      files.set(STDOUT, openReader(outputFifoPath(folder, "stdout")));
    }
    if (hasReader(errorFd)) {
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
