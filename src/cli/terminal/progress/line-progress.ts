// One line an event, where no terminal is: a layer's phases, not its bytes.

import type { ImageEvent, LayerEvent } from "../../../image/image-event.ts";
import { printable } from "../printable.ts";
import { shortId } from "../short-id.ts";
import { humanSize } from "../sizes.ts";
import { eventText, seconds } from "./event-text.ts";
import { type BlobOrigin, phaseText } from "./phase-text.ts";

/** A layer that takes longer than this says now and then how far it is. */
const REMINDER_MS = 10_000;

/** Less is no news. */
const SHORTEST_TOLD_MS = 100;

interface Told {
  readonly phase: LayerEvent["phase"];
  readonly ms: number;
  readonly startMs: number;
}

export class LineProgress {
  readonly #write: (text: string) => void;
  readonly #origin: BlobOrigin;
  readonly #now: () => number;
  readonly #told = new Map<string, Told>();

  constructor(
    write: (text: string) => void,
    origin: BlobOrigin,
    now: () => number = () => performance.now(),
  ) {
    this.#write = write;
    this.#origin = origin;
    this.#now = now;
  }

  show(event: ImageEvent): void {
    const text = event.kind === "layer" ? this.#layerText(event) : eventText(event);
    if (text !== undefined) {
      this.#write(`${printable(text)}\n`);
    }
  }

  finish(): void {
    // Every line was written when its event came.
  }

  #layerText(event: LayerEvent): string | undefined {
    const { digest, phase, bytes, of } = event;
    const ms = this.#now();
    const told = this.#told.get(digest);
    const isNew = told?.phase !== phase;
    if (!isNew && ms - told.ms < REMINDER_MS) {
      return undefined;
    }
    const startMs = told?.startMs ?? ms;
    this.#told.set(digest, { phase, ms, startMs });
    const name = `${shortId(digest)}: ${phaseText(phase, this.#origin)}`;
    if (!isNew) {
      return `${name} ${humanSize(bytes)} of ${humanSize(of)}`;
    }
    const size = of === 0 ? "" : ` ${humanSize(of)}`;
    return phase === "done" && ms - startMs >= SHORTEST_TOLD_MS
      ? `${name}${size} in ${seconds(ms - startMs)}`
      : `${name}${size}`;
  }
}
