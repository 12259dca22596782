// The hot file of events, STORE/events.hot. Every event is one line at its end (event-line.ts), written by
// one write of a process that waits for nobody. Lines are folded into the database of events
// (event-database.ts) later, and what has been folded is given back to the file system:
//
//   0            4096              folded               end
//   +-------------+------- ... ------+------- ... -------+
//   | first lines |  a hole: zeros   |  not folded yet   |
//   +-------------+------- ... ------+------- ... -------+
//
// So the place of a line, from the beginning of the file, is its number for ever: nothing is moved, cut off or
// renamed under a writer or a reader, and none of them needs a lock. The first line stays; it tells this
// file from another one, should somebody remove it. What is folded is on the disk first: after a power cut
// the file is not shorter than what the database has of it.
//
// A reader that falls behind meets the hole; it finds what it has missed in the database. A file system
// without holes keeps all lines.

import { AT_FDCWD, O_RDONLY, O_RDWR } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { quote } from "../../error/ocicat-error.ts";
import { forceToDisk } from "../../store/whole-file.ts";
import { call, checked } from "../../sys/call.ts";
import { OwnedFd, stat, statAt, tryOpenAt } from "../../sys/file.ts";
import { bytes, decodeText } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";
import { LINE_BYTES } from "./event-line.ts";
import { HOT_EVENTS_NAME } from "./record-event.ts";

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const BLOCK_BYTES = 4096;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 10;

export interface HotLine {
  readonly offset: number;
  /** Behind its end of line. */
  readonly end: number;
  /** Undefined: at least its beginning is in the hole. */
  readonly text: string | undefined;
}

export class HotEvents implements Disposable {
  readonly #path: string;
  readonly #file: OwnedFd;
  #head: string | undefined;

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#file = new OwnedFd(fd);
  }

  /** Undefined: nothing has happened yet. */
  static open(storeRoot: string): HotEvents | undefined {
    const path = `${storeRoot}/${HOT_EVENTS_NAME}`;
    const writable = tryOpenAt(AT_FDCWD, path, O_RDWR);
    const isClosed = writable === -Errno.EROFS || writable === -Errno.EACCES;
    const fd = isClosed ? tryOpenAt(AT_FDCWD, path, O_RDONLY) : writable;
    return fd === -Errno.ENOENT ? undefined : new HotEvents(path, checked(fd, "open", quote(path)));
  }

  /** What no other file of events begins with. Undefined: its first line is not there yet. */
  get head(): string | undefined {
    if (this.#head === undefined) {
      const [line] = this.lines(0);
      this.#head = line?.text;
    }
    return this.#head;
  }

  get size(): number {
    return statAt(this.#file.number, "")?.size ?? 0;
  }

  /** Another file has its name, or none. */
  isReplaced(): boolean {
    return stat(this.#path)?.inode !== statAt(this.#file.number, "")?.inode;
  }

  /** Whole lines from `start` on, none of them empty. */
  *lines(start: number): Generator<HotLine, void> {
    const buffer = bytes(CHUNK_BYTES);
    for (let offset = start; ; ) {
      const count = readAt(this.#file.number, buffer, offset, quote(this.#path));
      const chunk = buffer.subarray(0, count);
      const length = wholeLength(chunk);
      yield* linesOf(chunk.subarray(0, length), offset);
      if (length === 0) {
        return;
      }
      offset += length;
    }
  }

  /** What stands before the place that it returns stays, whatever happens to the machine. */
  forceToDisk(): number {
    const end = this.size;
    forceToDisk(this.#file.number, quote(this.#path));
    return end;
  }

  /** Gives back the room of what stands before `end`, but for the first lines. */
  giveBack(end: number): void {
    const length = Math.floor(end / BLOCK_BYTES) * BLOCK_BYTES - BLOCK_BYTES;
    if (length > 0) {
      const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
      call("fallocate", this.#file.number, mode, BLOCK_BYTES, length);
    }
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

/** To the last end of line; of a chunk without one that is longer than any line, all. */
function wholeLength(chunk: Uint8Array): number {
  const length = chunk.lastIndexOf(NEWLINE) + 1;
  return length === 0 && chunk.length > LINE_BYTES ? chunk.length : length;
}

function* linesOf(chunk: Uint8Array, offset: number): Generator<HotLine, void> {
  for (let start = 0; start < chunk.length; ) {
    const found = chunk.indexOf(NEWLINE, start);
    const end = found < 0 ? chunk.length : found + 1;
    const line = chunk.subarray(start, found < 0 ? end : found);
    if (line.length > 0) {
      const text = line.includes(0) ? undefined : decodeText(line);
      yield { offset: offset + start, end: offset + end, text };
    }
    start = end;
  }
}
