// The output of a process that is executed with our standard descriptors: until it runs they are the null
// device and a pipe, which this process then reads.

import { F_DUPFD_CLOEXEC, F_SETFL, O_CLOEXEC, O_NONBLOCK, O_RDWR } from "../../abi/file.ts";
import { call, checked } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd, open, tryRead } from "../../sys/file.ts";
import { bytes, words } from "../../sys/memory.ts";

const FIRST_FREE_FD = 3;
/** All that a pipe holds by default. */
const CHUNK_BYTES = 64 * 1024;

export class CapturedOutput implements Disposable {
  readonly #reader: OwnedFd;
  readonly #saved: readonly { readonly fd: number; readonly copy: OwnedFd }[];
  readonly #kept: Uint8Array<ArrayBuffer>;
  readonly #chunk = bytes(CHUNK_BYTES);
  #length = 0;
  #isWhole = true;
  #isInPlace = true;

  /** No more than `limit` bytes are kept. */
  constructor(limit: number) {
    this.#kept = bytes(limit);
    const ends = words(2);
    checked(call("pipe2", addressOf(ends), O_CLOEXEC), "make", "a pipe");
    this.#reader = new OwnedFd(ends[0] ?? -1);
    using writer = new OwnedFd(ends[1] ?? -1);
    using nothing = new OwnedFd(open("/dev/null", O_RDWR));
    this.#saved = [0, 1, 2].map((fd) => ({ fd, copy: new OwnedFd(copyOf(fd)) }));
    call("fcntl", this.#reader.number, F_SETFL, O_NONBLOCK);
    replace(0, nothing.number);
    replace(1, writer.number);
    replace(2, writer.number);
  }

  /** Readable when there is output, or nobody left who could write. */
  get fd(): number {
    return this.#reader.number;
  }

  /** The process runs: our standard descriptors are ours again. */
  giveBack(): void {
    if (this.#isInPlace) {
      this.#isInPlace = false;
      for (const { fd, copy } of this.#saved) {
        // One that was closed is the null device from now on.
        if (copy.number >= 0) {
          replace(fd, copy.number);
        }
      }
    }
  }

  /**
   * Reads what is there, at most CHUNK_BYTES: who writes without an end does not keep us here. False:
   * nothing will come any more.
   */
  read(): boolean {
    const count = tryRead(this.#reader.number, this.#chunk);
    if (count <= 0) {
      return count < 0;
    }
    const taken = Math.min(count, this.#kept.length - this.#length);
    this.#kept.set(this.#chunk.subarray(0, taken), this.#length);
    this.#length += taken;
    this.#isWhole &&= taken === count;
    return true;
  }

  /** What was kept; behind it "..." where there was more. */
  text(): string {
    const text = new TextDecoder().decode(this.#kept.subarray(0, this.#length));
    return this.#isWhole ? text : `${text}...`;
  }

  [Symbol.dispose](): void {
    this.giveBack();
    for (const { copy } of this.#saved) {
      copy[Symbol.dispose]();
    }
    this.#reader[Symbol.dispose]();
  }
}

/** -errno of one that is closed. */
function copyOf(fd: number): number {
  return call("fcntl", fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
}

function replace(fd: number, by: number): void {
  checked(call("dup3", by, fd, 0), "replace", `descriptor ${fd}`);
}
