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
import { encodeHello, encodeSettled } from "../../holder/attach-protocol.ts";
import { HolderConnection } from "../../holder/holder-connection.ts";
import { OwnedFd } from "../../sys/file.ts";
import type { Awaited } from "../../sys/poll.ts";
import { connectToHolder } from "./connect-to-holder.ts";
import type { StoredContainer } from "./stored-container.ts";

/** `poll`, or `pollInLoop`. */
type Wait = (
  awaited: readonly Awaited[],
  timeoutMs: number,
) => readonly number[] | Promise<readonly number[]>;

/** Sees to what comes after the end of a container. */
export type Settle = (container: StoredContainer) => Promise<void>;

/** "elsewhere": the holder sees to it, has gone, or knows of no settlers. */
export type Handover = "ours" | "elsewhere" | "late";

export class Settler implements Disposable {
  readonly #container: StoredContainer;
  readonly #socket: OwnedFd;
  readonly #connection: HolderConnection;

  private constructor(container: StoredContainer, socket: OwnedFd) {
    this.#container = container;
    this.#socket = socket;
    this.#connection = new HolderConnection(socket.number);
    this.#connection.post(encodeHello({ primary: false, settler: true }));
  }

  /**
   * Before the container is signalled, and noted as stopped: a holder that hands over starts nothing again.
   * Undefined: there is no holder.
   */
  static connect(container: StoredContainer): Settler | undefined {
    using socket = connectToHolder(container);
    return socket === undefined ? undefined : new Settler(container, new OwnedFd(socket.release()));
  }

  /** Waits for the container's end. `deadline`: by performance.now(). */
  async untilHandedOver(deadline: number, wait: Wait): Promise<Handover> {
    const connection = this.#connection;
    for (;;) {
      const handover = this.#readHandover();
      const leftMs = deadline - performance.now();
      if (handover !== undefined || leftMs <= 0) {
        return handover ?? "late";
      }
      await wait([{ fd: connection.fd, events: POLLIN | connection.eventsToSend() }], leftMs);
      connection.flush();
      connection.receive();
    }
  }

  /** Undefined: the holder has not said yet. */
  #readHandover(): Handover | undefined {
    const connection = this.#connection;
    for (let frame = connection.next(); frame !== undefined; frame = connection.next()) {
      if (frame.type === "settle") {
        return "ours";
      }
      if (frame.type === "hello" && !frame.settler) {
        return "elsewhere";
      }
    }
    return connection.isOver ? "elsewhere" : undefined;
  }

  /** What fails here is left to the holder, as it was before. */
  async settle(settle: Settle): Promise<void> {
    try {
      await settle(this.#container);
      this.#connection.post(encodeSettled());
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
