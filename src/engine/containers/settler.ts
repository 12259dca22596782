// Who ends a container and waits for that sees to what comes after, too: its holder leaves it to that process,
// instead of executing `ocicat container-ended`, which is all of this program once more. A process that is
// killed before it has answered leaves it to the holder again.
//
//   this process               holder
//   hello ------------------->
//         <------------------- hello
//   the signal
//         <------------------- exit: the log and the exit record are written
//         <------------------- settle: every lock of the holder's is free
//   settles
//   settled ----------------->
//                              exits

import { POLLIN } from "../../abi/process.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { encodeHello, encodeSettled, type HolderFrame } from "../../holder/attach-protocol.ts";
import { HolderConnection } from "../../holder/holder-connection.ts";
import { OwnedFd } from "../../sys/file.ts";
import type { Awaited } from "../../sys/poll.ts";
import { connectToHolder } from "./connect-to-holder.ts";
import type { StoredContainer } from "./stored-container.ts";

/** `poll`, or `pollInLoop`. */
export type WaitWithin = (
  awaited: readonly Awaited[],
  timeoutMs: number,
) => readonly number[] | Promise<readonly number[]>;

/** For a holder's first word: it may not have been given a processor yet. */
const GREETING_MS = 2000;

/** Sees to what comes after the end of a container. */
export type Settle = (container: StoredContainer) => Promise<void>;

/** "elsewhere": the holder has gone, or sees to it. */
export type Handover = "ours" | "elsewhere" | "late";

/** A connection to a holder, and how it is waited for. */
interface Talk {
  readonly connection: HolderConnection;
  readonly wait: WaitWithin;
}

export class Settler implements Disposable {
  readonly #container: StoredContainer;
  readonly #socket: OwnedFd;
  readonly #talk: Talk;

  private constructor(container: StoredContainer, socket: OwnedFd, talk: Talk) {
    this.#container = container;
    this.#socket = socket;
    this.#talk = talk;
  }

  /**
   * Before the container is signalled, and noted as stopped: a holder that hands over starts nothing again.
   * Undefined: there is no holder, or one that knows of no settlers.
   */
  static async connect(container: StoredContainer, wait: WaitWithin): Promise<Settler | undefined> {
    using socket = connectToHolder(container);
    if (socket === undefined) {
      return undefined;
    }
    const talk = { connection: new HolderConnection(socket.number), wait };
    return (await isAccepted(talk))
      ? new Settler(container, new OwnedFd(socket.release()), talk)
      : undefined;
  }

  /** Waits for the container's end. `deadline`: by performance.now(). */
  async untilHandedOver(deadline: number): Promise<Handover> {
    for (;;) {
      const frame = await nextFrame(this.#talk, deadline);
      if (frame === "late") {
        return "late";
      }
      if (frame === undefined || frame.type === "settle") {
        return frame === undefined ? "elsewhere" : "ours";
      }
    }
  }

  /** What fails here is left to the holder, as it was before. */
  async settle(settle: Settle): Promise<void> {
    try {
      await settle(this.#container);
      this.#talk.connection.post(encodeSettled());
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

/** Who has not been greeted when the container ends is not heard any more. */
async function isAccepted(talk: Talk): Promise<boolean> {
  talk.connection.post(encodeHello({ primary: false, settler: true }));
  const greeting = await nextFrame(talk, performance.now() + GREETING_MS);
  return greeting !== undefined && greeting !== "late" && isWelcome(greeting);
}

function isWelcome(frame: HolderFrame): boolean {
  return frame.type === "hello" && frame.settler;
}

/** What the holder says next; undefined: it has gone. */
async function nextFrame(
  { connection, wait }: Talk,
  deadline: number,
): Promise<HolderFrame | "late" | undefined> {
  for (;;) {
    const frame = connection.next();
    const leftMs = deadline - performance.now();
    if (frame !== undefined || connection.isOver || leftMs <= 0) {
      return frame ?? (connection.isOver ? undefined : "late");
    }
    await wait([{ fd: connection.fd, events: POLLIN | connection.eventsToSend() }], leftMs);
    connection.flush();
    connection.receive();
  }
}
