// The input and output of this process, as an attached client uses them. They belong to whoever
// started it and may be shared with other programs, so their O_NONBLOCK is never touched: poll says
// when there is something to read or room to write, and no more is written than then fits.

import { S_IFIFO, S_IFMT } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { call } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { statAt, tryRead } from "../sys/file.ts";
import { bytes } from "../sys/memory.ts";
import { PAYLOAD_LIMIT } from "./attach-protocol.ts";
import { DetachKeys } from "./detach-keys.ts";

/** PIPE_BUF: a pipe that is ready for writing has room for as much. */
const CERTAIN_PIPE_ROOM = 4096;

export type Input =
  | { readonly kind: "nothing" }
  | { readonly kind: "content"; readonly content: Uint8Array }
  | { readonly kind: "end" }
  | { readonly kind: "detach"; readonly content: Uint8Array };

export class LocalInput {
  readonly fd: number;
  readonly #keys: DetachKeys;
  readonly #buffer = bytes(PAYLOAD_LIMIT);

  constructor(fd: number, detachKeys: readonly number[]) {
    this.fd = fd;
    this.#keys = new DetachKeys(detachKeys);
  }

  /** The content lives until the next read. */
  read(): Input {
    const count = tryRead(this.fd, this.#buffer);
    if (count === -Errno.EAGAIN) {
      return { kind: "nothing" };
    }
    // A terminal that hung up, or of another foreground job, answers EIO: no more input either way.
    if (count <= 0) {
      return { kind: "end" };
    }
    const { content, detached } = this.#keys.scan(this.#buffer.subarray(0, count));
    if (detached) {
      return { kind: "detach", content };
    }
    return content.length === 0 ? { kind: "nothing" } : { kind: "content", content };
  }
}

export class LocalOutput {
  readonly fd: number;
  readonly #writeLimit: number;
  #isOpen = true;

  constructor(fd: number) {
    this.fd = fd;
    const mode = statAt(fd, "")?.mode ?? 0;
    this.#writeLimit = (mode & S_IFMT) === S_IFIFO ? CERTAIN_PIPE_ROOM : PAYLOAD_LIMIT;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Writes what fits; returns what is left. After a failure there is no one to write for. */
  write(content: Uint8Array): Uint8Array {
    const size = Math.min(content.length, this.#writeLimit);
    const count = call("write", this.fd, addressOf(content), size);
    if (count === -Errno.EAGAIN) {
      return content;
    }
    if (count < 0) {
      this.#isOpen = false;
      return content.subarray(content.length);
    }
    return content.subarray(count);
  }
}
