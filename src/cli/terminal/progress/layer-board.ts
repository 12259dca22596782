// What is known of every layer while images come and go: phases, bytes, rates.

import type { LayerEvent, LayerPhase } from "../../../image/image-event.ts";

/** A rate is that of the last seconds: shorter would jump, longer would lag. */
const WINDOW_MS = 4000;
const SAMPLE_EVERY_MS = 200;

interface Sample {
  readonly ms: number;
  readonly bytes: number;
}

export class LayerState {
  readonly digest: string;
  phase: LayerPhase = "waiting";
  bytes = 0;
  of = 0;
  #samples: Sample[] = [];

  constructor(digest: string) {
    this.digest = digest;
  }

  take({ phase, bytes, of }: LayerEvent, nowMs: number): void {
    if (phase !== this.phase || bytes < this.bytes) {
      this.#samples = [];
    }
    this.phase = phase;
    this.bytes = bytes;
    // The end of a layer does not have to repeat its size.
    this.of = of > 0 ? of : this.of;
    const last = this.#samples.at(-1);
    if (last === undefined || nowMs - last.ms >= SAMPLE_EVERY_MS) {
      this.#samples.push({ ms: nowMs, bytes });
      this.#samples = this.#samples.filter(({ ms }) => nowMs - ms <= WINDOW_MS);
    }
  }

  get isDone(): boolean {
    return ["done", "exists", "mounted-from"].includes(this.phase);
  }

  get isMoving(): boolean {
    return !this.isDone && this.phase !== "waiting";
  }

  /** Bytes a second; undefined: nothing can be said yet. */
  rate(nowMs: number): number | undefined {
    const [first] = this.#samples;
    if (first === undefined || nowMs - first.ms < SAMPLE_EVERY_MS) {
      return undefined;
    }
    return ((this.bytes - first.bytes) / (nowMs - first.ms)) * 1000;
  }
}

export class LayerBoard {
  readonly #layers = new Map<string, LayerState>();

  /** Returns what the layer was before. */
  take(event: LayerEvent, nowMs: number): LayerPhase | undefined {
    const known = this.#layers.get(event.digest);
    const before = known?.phase;
    const layer = known ?? new LayerState(event.digest);
    this.#layers.set(event.digest, layer);
    layer.take(event, nowMs);
    return before;
  }

  /** In the order of their first events. */
  get layers(): readonly LayerState[] {
    return [...this.#layers.values()];
  }
}
