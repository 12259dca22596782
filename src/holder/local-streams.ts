// The input and output of this process, as an attached client uses them. They belong to whoever
// started it and may be shared with other programs, so their O_NONBLOCK is never touched: poll says
// when there is something to read or room to write, and no more is written than then fits.

import { S_IFIFO, S_IFMT } from "../abi/file.ts";
import { POLLOUT } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { call } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { statAt, tryRead } from "../sys/file.ts";
import { isReady } from "../sys/poll.ts";
import { PAYLOAD_LIMIT, StdinFrame } from "./attach-protocol.ts";
import { DetachKeys } from "./detach-keys.ts";

/** PIPE_BUF: a pipe that is ready for writing has room for as much. */
const CERTAIN_PIPE_ROOM = 4096;

export type Input =
  | { readonly kind: "nothing" }
  /** `frame`: the content's. */
  | { readonly kind: "content"; readonly content: Uint8Array; readonly frame: Uint8Array }
  | { readonly kind: "end" }
  | {
      readonly kind: "detach";
      readonly content: Uint8Array;
      readonly frame: Uint8Array | undefined;
    };

const NOTHING: Input = { kind: "nothing" };

export class LocalInput {
  readonly fd: number;
  readonly keys: DetachKeys;
  readonly frame = new StdinFrame();

  constructor(fd: number, detachKeys: readonly number[]) {
    this.fd = fd;
    this.keys = new DetachKeys(detachKeys);
  }

  /** Content and frame live until the next read. */
  read(): Input {
    return this.take(tryRead(this.fd, this.frame.payload));
  }

  /** What a read into the frame's payload returned. */
  take(count: number): Input {
    const { payload } = this.frame;
    if (count === -Errno.EAGAIN) {
      return NOTHING;
    }
    // A terminal that hung up, or of another foreground job, answers EIO: no more input either way.
    if (count <= 0) {
      return { kind: "end" };
    }
    const typed = payload.subarray(0, count);
    const { content, detached } = this.keys.scan(typed);
    if (content !== typed) {
      payload.set(content);
    }
    const frame = content.length === 0 ? undefined : this.frame.encode(content.length);
    if (detached) {
      return { kind: "detach", content, frame };
    }
    return frame === undefined ? NOTHING : { kind: "content", content, frame };
  }
}

export class LocalOutput {
  readonly fd: number;
  /** So much fits when it is ready. */
  readonly writeLimit: number;
  #isOpen = true;

  constructor(fd: number) {
    this.fd = fd;
    const mode = statAt(fd, "")?.mode ?? 0;
    this.writeLimit = (mode & S_IFMT) === S_IFIFO ? CERTAIN_PIPE_ROOM : PAYLOAD_LIMIT;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether something fits now, or what is wrong would be told. */
  get isReady(): boolean {
    return isReady({ fd: this.fd, events: POLLOUT });
  }

  /** Writes what fits; returns what is left. After a failure there is no one to write for. */
  write(content: Uint8Array): Uint8Array {
    const size = Math.min(content.length, this.writeLimit);
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
