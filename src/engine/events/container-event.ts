// Events of containers: with the name, the image and the labels of the container, as docker has them.

import type { ContainerRecord } from "../containers/container-record.ts";
import type { Surroundings } from "../surroundings.ts";
import { recordEvent } from "./record-event.ts";

/** `attributes`: what there is to tell of this event alone. */
export function recordContainerEvent(
  { surroundings, record }: ContainerOfEvent,
  action: string,
  { once, ...attributes }: ContainerEventAttributes = {},
): void {
  const { id, name, image, options } = record;
  const own = { image: image?.name ?? options.source.kind, ...attributes };
  recordEvent(surroundings, {
    type: "container",
    action,
    id,
    name,
    // Labels come last and are what a long line loses; none of them takes the place of what we say.
    attributes: { ...own, ...options.labels, ...own },
    ...(once === undefined ? {} : { once }),
  });
}

interface ContainerOfEvent {
  readonly surroundings: Pick<Surroundings, "storeRoot">;
  readonly record: ContainerRecord;
}

interface ContainerEventAttributes {
  readonly once?: string;
  readonly [name: string]: string;
}
