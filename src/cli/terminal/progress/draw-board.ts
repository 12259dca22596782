// The lines of the bars, for a terminal of a given size: one a layer, and one for all of them. When there
// are more layers than rows, those on which something happens are shown.
//
//   3f1c8a2b9d07  downloading  [=========>          ]   12.3MB/45.6MB  5.21MB/s   6s
//   0a9b8c7d6e5f  done                                  1.84kB
//   2 of 4 layers, 14.1MB of 61.2MB, 5.21MB/s, 9s left

import { shortId } from "../short-id.ts";
import { humanSize } from "../sizes.ts";
import type { LayerState } from "./layer-board.ts";
import { type BlobOrigin, phaseText, WIDEST_PHASE } from "./phase-text.ts";

export interface Canvas {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
  readonly origin: BlobOrigin;
}

const SIZES_WIDTH = 15;
const RATE_WIDTH = 8;
const TIME_WIDTH = 6;
const NARROWEST_BAR = 8;
const WIDEST_BAR = 40;
/** The line for all, and the one that the cursor is on. */
const OTHER_ROWS = 2;

const GREEN = "\x1b[32m";
const DIM = "\x1b[2m";
const PLAIN = "\x1b[0m";

/** Each line is narrower than the terminal. */
export function drawBoard(
  layers: readonly LayerState[],
  canvas: Canvas,
  nowMs: number,
): readonly string[] {
  if (layers.length === 0) {
    return [];
  }
  const room = Math.max(canvas.rows - OTHER_ROWS, 1);
  const shown = chooseLayers(layers, room);
  return [
    ...shown.map((layer) => drawLayer(layer, canvas, nowMs)),
    summaryOf(layers, layers.length - shown.length, nowMs).slice(0, canvas.columns - 1),
  ];
}

/** In their order; where there is no room for all, moving ones before waiting ones before done ones. */
function chooseLayers(layers: readonly LayerState[], room: number): readonly LayerState[] {
  if (layers.length <= room) {
    return layers;
  }
  const rank = (layer: LayerState): number => {
    if (layer.isMoving) {
      return 0;
    }
    return layer.isDone ? 2 : 1;
  };
  const best = [...layers].sort((a, b) => rank(a) - rank(b)).slice(0, room);
  return layers.filter((layer) => best.includes(layer));
}

function drawLayer(layer: LayerState, canvas: Canvas, nowMs: number): string {
  const { columns, color, origin } = canvas;
  const phase = phaseText(layer.phase, origin);
  const name = `${shortId(layer.digest)}  ${phase.padEnd(WIDEST_PHASE)}`;
  const sizes = sizesOf(layer).padStart(SIZES_WIDTH);
  const speed = speedOf(layer, nowMs);
  const space = columns - 1 - name.length - sizes.length - speed.length - "  ".length * 2;
  const width = Math.min(space - "[]".length, WIDEST_BAR);
  const bar = width < NARROWEST_BAR ? "" : `  ${barOf(layer, width)}`;
  const line = `${name}${bar}  ${sizes}${speed}`.slice(0, columns - 1).trimEnd();
  return color ? paint(line, layer) : line;
}

function paint(line: string, layer: LayerState): string {
  if (layer.isMoving) {
    return line;
  }
  return `${layer.isDone ? GREEN : DIM}${line}${PLAIN}`;
}

function sizesOf({ isMoving, bytes, of }: LayerState): string {
  if (of === 0) {
    return "";
  }
  return isMoving ? `${humanSize(bytes)}/${humanSize(of)}` : humanSize(of);
}

function barOf(layer: LayerState, width: number): string {
  if (!layer.isMoving || layer.of === 0) {
    return " ".repeat(width + "[]".length);
  }
  const filled = Math.min(Math.floor((layer.bytes / layer.of) * width), width);
  const head = filled > 0 && filled < width ? ">" : "";
  return `[${("=".repeat(filled - head.length) + head).padEnd(width)}]`;
}

function speedOf(layer: LayerState, nowMs: number): string {
  const rate = layer.isMoving ? layer.rate(nowMs) : undefined;
  const [speed, time] =
    rate === undefined
      ? ["", ""]
      : [`${humanSize(rate)}/s`, timeLeft(layer.of - layer.bytes, rate)];
  return `  ${speed.padStart(RATE_WIDTH)}  ${time.padStart(TIME_WIDTH)}`;
}

/** "9s", "2m05s", "1h07m"; empty where it cannot be known. */
export function timeLeft(bytes: number, rate: number): string {
  const seconds = Math.ceil(bytes / rate);
  if (!Number.isFinite(seconds) || bytes < 0 || seconds > 99 * 3600) {
    return "";
  }
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) {
    return `${seconds}s`;
  }
  return seconds < 3600
    ? `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`
    : `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
}

function summaryOf(layers: readonly LayerState[], hidden: number, nowMs: number): string {
  const done = layers.filter(({ isDone }) => isDone).length;
  const all = layers.reduce((sum, { of }) => sum + of, 0);
  const bytes = layers.reduce((sum, { isDone, bytes: own, of }) => sum + (isDone ? of : own), 0);
  const rate = layers.reduce(
    (sum, layer) => sum + (layer.isMoving ? (layer.rate(nowMs) ?? 0) : 0),
    0,
  );
  const left = rate > 0 ? timeLeft(all - bytes, rate) : "";
  return [
    `${done} of ${layers.length} layers`,
    ...(all === 0 ? [] : [`${humanSize(bytes)} of ${humanSize(all)}`]),
    ...(rate > 0 ? [`${humanSize(rate)}/s`] : []),
    ...(left === "" ? [] : [`${left} left`]),
    ...(hidden === 0 ? [] : [`${hidden} not shown`]),
  ].join(", ");
}
