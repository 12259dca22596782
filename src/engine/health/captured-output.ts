// The output of a process that is executed: it gets the null device and a pipe, which this process reads.

import { F_SETFL, O_CLOEXEC, O_NONBLOCK, O_RDWR } from "../../abi/file.ts";
import { call, checked } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd, open, tryRead } from "../../sys/file.ts";
import { bytes, words } from "../../sys/memory.ts";

/** All that a pipe holds by default. */
const CHUNK_BYTES = 64 * 1024;

export class CapturedOutput implements Disposable {
  readonly #reader: OwnedFd;
  readonly #writer: OwnedFd;
  readonly #nothing: OwnedFd;
  readonly #kept: Uint8Array<ArrayBuffer>;
  readonly #chunk = bytes(CHUNK_BYTES);
  #length = 0;
  #isWhole = true;

  /** No more than `limit` bytes are kept. */
  constructor(limit: number) {
    this.#kept = bytes(limit);
    const ends = words(2);
    checked(call("pipe2", addressOf(ends), O_CLOEXEC), "make", "a pipe");
    this.#reader = new OwnedFd(ends[0] ?? -1);
    this.#writer = new OwnedFd(ends[1] ?? -1);
    this.#nothing = new OwnedFd(open("/dev/null", O_RDWR));
    call("fcntl", this.#reader.number, F_SETFL, O_NONBLOCK);
  }

  /** What the process gets as descriptors 0 to 2, until it runs. */
  get standardFds(): readonly [number, number, number] {
    const writer = this.#writer.number;
    return [this.#nothing.number, writer, writer];
  }

  /** Readable when there is output, or nobody left who could write. */
  get fd(): number {
    return this.#reader.number;
  }

  /** The process runs, and has them. */
  handOver(): void {
    this.#nothing[Symbol.dispose]();
    this.#writer[Symbol.dispose]();
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
    this.handOver();
    this.#reader[Symbol.dispose]();
  }
}
