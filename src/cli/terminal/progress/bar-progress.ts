// One bar a layer at a terminal, drawn at most ten times a second.

import type { ImageEvent } from "../../../image/image-event.ts";
import { printable } from "../printable.ts";
import { drawBoard } from "./draw-board.ts";
import { eventText } from "./event-text.ts";
import { LayerBoard } from "./layer-board.ts";
import type { BlobOrigin } from "./phase-text.ts";
import { ScreenRegion } from "./screen-region.ts";

export interface BarOptions {
  readonly write: (text: string) => void;
  /** Asked before each drawing. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly color: boolean;
  readonly origin: BlobOrigin;
}

const REDRAW_MS = 100;

export class BarProgress {
  readonly #options: BarOptions;
  readonly #board = new LayerBoard();
  readonly #region: ScreenRegion;
  #timer: ReturnType<typeof setInterval> | undefined;
  readonly #onContinue = (): void => this.#region.forget();

  constructor(options: BarOptions) {
    this.#options = options;
    this.#region = new ScreenRegion(options.write);
  }

  show(event: ImageEvent): void {
    if (event.kind !== "layer") {
      this.#region.print(`${printable(eventText(event) ?? "")}\n`, this.#options.size().columns);
      return;
    }
    this.#board.take(event, performance.now());
    if (this.#timer === undefined) {
      this.#draw();
      process.on("SIGCONT", this.#onContinue);
      // Rates and remaining times change also while nothing comes.
      this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
    }
  }

  finish(): void {
    if (this.#timer !== undefined) {
      clearInterval(this.#timer);
      process.off("SIGCONT", this.#onContinue);
      this.#timer = undefined;
      this.#draw();
    }
  }

  #draw(): void {
    const size = this.#options.size();
    const { color, origin } = this.#options;
    const canvas = { ...size, color, origin };
    const lines = drawBoard(this.#board.layers, canvas, performance.now());
    this.#region.draw(lines, size.columns);
  }
}
