// One connection to a holder: frames out, frames in, never blocking.

import { MSG_DONTWAIT, MSG_NOSIGNAL, POLLIN, POLLOUT } from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { call, checked } from "../sys/call.ts";
import { addressOf } from "../sys/entry.ts";
import { FrameReader, type HolderFrame } from "./attach-protocol.ts";

export class HolderConnection {
  readonly fd: number;
  readonly reader = new FrameReader();
  #unsent: Uint8Array[] = [];
  #canSend = true;
  #canReceive = true;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Whether everything that was posted has been taken: only then is there reason to read more input. */
  get isIdle(): boolean {
    return this.#unsent.length === 0;
  }

  /** The holder has gone, and all that it said has been returned by `next`. */
  get isOver(): boolean {
    return !this.#canReceive;
  }

  /** Nothing is unsent, and all that has come has been returned. */
  get isAtRest(): boolean {
    return this.isIdle && this.#canReceive && this.reader.isBetweenFrames;
  }

  eventsToSend(): number {
    return this.isIdle ? 0 : POLLOUT;
  }

  eventsToReceive(): number {
    return this.#canReceive ? POLLIN : 0;
  }

  /** A holder that has gone takes nothing more; what it said before is still read. */
  post(frame: Uint8Array): void {
    const rest = this.#canSend && this.isIdle ? this.#send(frame) : frame;
    if (this.#canSend && rest !== undefined) {
      this.#unsent.push(rest);
    }
  }

  flush(): void {
    for (let frame = this.#unsent[0]; frame !== undefined; frame = this.#unsent[0]) {
      const rest = this.#send(frame);
      if (rest === frame) {
        return;
      }
      if (rest === undefined) {
        this.#unsent.shift();
      } else {
        this.#unsent[0] = rest;
      }
    }
  }

  /** What was not taken. Undefined: nothing, or there is nobody who takes it. */
  #send(frame: Uint8Array): Uint8Array | undefined {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = call("sendto", this.fd, addressOf(frame), frame.length, flags, 0, 0);
    if (sent === frame.length) {
      return undefined;
    }
    if (sent === -Errno.EAGAIN) {
      return frame;
    }
    if (sent < 0) {
      this.#canSend = false;
      this.#unsent = [];
      return undefined;
    }
    return frame.subarray(sent);
  }

  /** The content of frames that `next` has returned is gone after this. */
  receive(): void {
    const room = this.reader.room();
    const count = call("recvfrom", this.fd, addressOf(room), room.length, MSG_DONTWAIT, 0, 0);
    if (count === -Errno.EAGAIN) {
      return;
    }
    if (count === 0 || count === -Errno.ECONNRESET) {
      this.#canReceive = false;
      return;
    }
    this.reader.received(checked(count, "receive from", "the container's holder"));
  }

  next(): HolderFrame | undefined {
    return this.reader.next();
  }
}
