// Events that are told in a sentence, whatever else is drawn.

import type { ImageEvent } from "../../../image/image-event.ts";

/** Undefined: a layer's, which is drawn. */
export function eventText(event: ImageEvent): string | undefined {
  switch (event.kind) {
    case "resolved":
      return `${event.name}: ${event.digest}`;
    case "retry":
      return `${event.subject}: ${event.reason}, again in ${seconds(event.waitMs)}`;
    case "note":
      return `note: ${event.text}`;
    case "layer":
      return undefined;
  }
}

export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
