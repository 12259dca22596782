// One container of the supervisor's: a connection to its holder, which tells its end, and the time of the next
// probe of each kind.

import { MSG_DONTWAIT, SOCK_STREAM } from "../../abi/process.ts";
import { Errno } from "../../error/errno.ts";
import { encodeHello } from "../../holder/attach-protocol.ts";
import { call } from "../../sys/call.ts";
import { bootMs } from "../../sys/clock.ts";
import { watchDescriptor } from "../../sys/descriptor-loop.ts";
import { addressOf } from "../../sys/entry.ts";
import { OwnedFd } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import { connectUnix } from "../../sys/socket.ts";
import type { ProbeKind } from "../health/health-check.ts";

/** What the holder says before the exit: its hello. */
const HELLO_BYTES = 8;
const ROOM_BYTES = 64;
/** The longest that a timer of the event loop can be set to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** "gone": without a word, as one that was killed goes. */
export type HolderEnd = "exit" | "gone";

export class Charge {
  readonly id: string;
  readonly #socket: OwnedFd;
  readonly #stopWatching: () => void;
  readonly #onEnd: (end: HolderEnd) => void;
  readonly #timers = new Map<ProbeKind, Timer>();
  #received = 0;
  #end: HolderEnd | undefined;

  /** Throws where nobody listens at `path`. `onEnd`: its holder has said the exit, or gone. */
  constructor(id: string, path: string, onEnd: (end: HolderEnd) => void) {
    this.id = id;
    this.#onEnd = onEnd;
    this.#socket = new OwnedFd(connectUnix(path, SOCK_STREAM));
    const hello = encodeHello({ primary: false, supervisor: true });
    call("sendto", this.#socket.number, addressOf(hello), hello.length, MSG_DONTWAIT);
    this.#stopWatching = watchDescriptor(this.#socket.number, () => this.#receive());
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** In place of what was set before. A moment that has passed is now. */
  setTimer(kind: ProbeKind, dueBootMs: number, onDue: () => void): void {
    clearTimeout(this.#timers.get(kind));
    const wait = Math.max(0, dueBootMs - bootMs());
    const timer =
      wait > LONGEST_TIMER_MS
        ? setTimeout(() => this.setTimer(kind, dueBootMs, onDue), LONGEST_TIMER_MS)
        : setTimeout(onDue, wait);
    this.#timers.set(kind, timer);
  }

  #receive(): void {
    const room = bytes(ROOM_BYTES);
    const args = [this.#socket.number, addressOf(room), room.length, MSG_DONTWAIT] as const;
    const count = call("recvfrom", ...args);
    if (count === -Errno.EAGAIN) {
      return;
    }
    this.#received += Math.max(count, 0);
    const hasExit = this.#received > HELLO_BYTES;
    if (hasExit || count <= 0) {
      this.#end = hasExit ? "exit" : "gone";
      this.#onEnd(this.#end);
    }
  }

  /** Nothing is heard of it any more. */
  end(): void {
    for (const timer of this.#timers.values()) {
      clearTimeout(timer);
    }
    this.#stopWatching();
    this.#socket[Symbol.dispose]();
  }
}
