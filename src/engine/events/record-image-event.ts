// Events of images.

import type { Surroundings } from "../surroundings.ts";
import { recordEvent } from "./record-event.ts";

export interface ImageOfEvent {
  /** Its ID; the digest of what is no image for containers. */
  readonly id: string;
  /** As the store has it; empty: it has none. */
  readonly name: string;
}

export function recordImageEvent(
  surroundings: Pick<Surroundings, "storeRoot">,
  action: string,
  { id, name }: ImageOfEvent,
): void {
  recordEvent(surroundings, { type: "image", action, id, name, attributes: {} });
}

/** One event for each of its names, or one without. */
export function recordImageEvents(
  surroundings: Pick<Surroundings, "storeRoot">,
  action: string,
  { id, names }: { readonly id: string; readonly names: readonly string[] },
): void {
  for (const name of names.length === 0 ? [""] : names) {
    recordImageEvent(surroundings, action, { id, name });
  }
}

/** "untag" for each of its names, and "delete". */
export function recordRemoval(
  surroundings: Pick<Surroundings, "storeRoot">,
  { id, names }: { readonly id: string; readonly names: readonly string[] },
): void {
  for (const name of names) {
    recordImageEvent(surroundings, "untag", { id, name });
  }
  recordImageEvent(surroundings, "delete", { id, name: "" });
}
