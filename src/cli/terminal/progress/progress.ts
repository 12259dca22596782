// Shows the events of images, on standard error: bars at a terminal, lines elsewhere, or JSON.

import { OcicatError, quote } from "../../../error/ocicat-error.ts";
import type { ImageEvent } from "../../../image/image-event.ts";
import { isTerminal, terminalSize } from "../../../sys/terminal.ts";
import { writeError } from "../../write-text.ts";
import { BarProgress } from "./bar-progress.ts";
import { LineProgress } from "./line-progress.ts";
import type { BlobOrigin } from "./phase-text.ts";

export interface Progress {
  show(event: ImageEvent): void;
  /** Nothing is shown any more; what is drawn stays as it is at the end. */
  finish(): void;
}

/** As in the setting progress.style. */
export type ProgressStyle = "auto" | "bars" | "lines" | "json" | "none";

const STYLE_NAMES: Readonly<Record<string, ProgressStyle>> = {
  auto: "auto",
  bars: "bars",
  tty: "bars",
  lines: "lines",
  plain: "lines",
  json: "json",
  rawjson: "json",
  none: "none",
  quiet: "none",
};

/** The value of --progress; docker's names are taken for the same. */
export function parseProgressStyle(text: string): ProgressStyle {
  const style = Object.hasOwn(STYLE_NAMES, text) ? STYLE_NAMES[text] : undefined;
  if (style === undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--progress ${quote(text)}`,
      reason: "it is one of auto, tty, plain, json and none",
    });
  }
  return style;
}

const STDERR = 2;
const DEFAULT_SIZE = { columns: 80, rows: 24 };

type Environment = Readonly<Record<string, string | undefined>>;

export function openProgress(
  style: ProgressStyle,
  environment: Environment,
  origin: BlobOrigin = "registry",
): Progress {
  switch (style) {
    case "none":
      return new SilentProgress();
    case "json":
      return new JsonProgress();
    case "lines":
      return new LineProgress(writeError, origin);
    case "bars":
      return openBars(environment, origin);
    case "auto":
      return isTerminal(STDERR) && environment["TERM"] !== "dumb"
        ? openBars(environment, origin)
        : new LineProgress(writeError, origin);
  }
}

function openBars({ NO_COLOR, TERM }: Environment, origin: BlobOrigin): Progress {
  const isPlain = (NO_COLOR ?? "") !== "" || TERM === "dumb";
  return new BarProgress({
    write: writeError,
    color: !isPlain,
    origin,
    size: () => {
      const { columns, rows } = terminalSize(STDERR) ?? DEFAULT_SIZE;
      // A terminal that nobody has given a size says 0.
      return columns > 0 && rows > 0 ? { columns, rows } : DEFAULT_SIZE;
    },
  });
}

class SilentProgress implements Progress {
  show(): void {
    // What happens is not shown.
  }

  finish(): void {
    // Nothing was drawn.
  }
}

/** One event a line, as src/image/image-event.ts describes them. */
class JsonProgress implements Progress {
  show(event: ImageEvent): void {
    writeError(`${JSON.stringify(event)}\n`);
  }

  finish(): void {
    // Every event was written when it came.
  }
}
