// The part of an attached client that needs no engine: native/relay.c, which draws the structure.
//
// It stands still, as poll does, and carries keys and output itself; whatever else happens is left to its
// caller. So between a key and its echo nothing of this program runs but a hundred lines of C.

import { addressOf, rawRelay } from "../sys/entry.ts";
import { setU64, words } from "../sys/memory.ts";
import { PAYLOAD_LIMIT } from "./attach-protocol.ts";
import type { HolderConnection } from "./holder-connection.ts";
import type { LocalInput, LocalOutput } from "./local-streams.ts";

const RELAY_WORDS = 16;
const NOTHING = 0xffff_ffff;
const TYPED = 1;
const RECEIVED = 2;

export type RelayEnd =
  /** Something is ready that has to be looked at. */
  | { readonly kind: "event" }
  /** `count`: what a read into the input's frame returned, of whose frame `sent` bytes have been sent. */
  | { readonly kind: "typed"; readonly count: number; readonly sent: number }
  /** The connection has frames. */
  | { readonly kind: "received" };

export interface RelayEnds {
  readonly signalsFd: number;
  readonly connection: HolderConnection;
  readonly input: LocalInput | undefined;
  readonly output: LocalOutput;
}

/** Whether all is as the relay needs it. */
export function canRelay({ connection, input, output }: RelayEnds): boolean {
  return connection.isAtRest && output.isOpen && input?.keys.isAtStart !== false;
}

export class Relay {
  readonly #structure = words(RELAY_WORDS);
  readonly #address = addressOf(this.#structure);

  run({ signalsFd, connection, input, output }: RelayEnds): RelayEnd {
    const structure = this.#structure;
    const { address, size } = connection.reader.place;
    structure.set([signalsFd, input?.fd ?? NOTHING, connection.fd, output.fd]);
    structure.set([PAYLOAD_LIMIT, input?.keys.first ?? NOTHING, output.writeLimit, size], 4);
    setU64(structure, 8, input?.frame.address ?? 0);
    setU64(structure, 10, address);
    const end = rawRelay(this.#address);
    const [start = 0, stop = 0, typed = 0, sent = 0] = structure.subarray(12);
    if (end === RECEIVED) {
      connection.reader.resume(start, stop);
      return { kind: "received" };
    }
    return end === TYPED ? { kind: "typed", count: typed | 0, sent } : { kind: "event" };
  }
}
