// Events of containers: with the name, the image and the labels of the container, as docker has them. The
// process of a pod is a container in all but its events, which are the pod's.

import type { ContainerRecord } from "../containers/container-record.ts";
import { labelsOf } from "../containers/recorded-image.ts";
import type { Surroundings } from "../surroundings.ts";
import { recordEvent } from "./record-event.ts";

/** `attributes`: what there is to tell of this event alone. */
export function recordContainerEvent(
  { surroundings, record }: ContainerOfEvent,
  action: string,
  { once, ...attributes }: ContainerEventAttributes = {},
): void {
  const { id, name, image, options } = record;
  const { source, pod } = options;
  const type = source.kind === "pause" ? "pod" : "container";
  const labels = labelsOf(record);
  const own = {
    ...(type === "pod" ? {} : { image: image?.name ?? source.kind }),
    ...(pod === undefined ? {} : { pod }),
    ...attributes,
  };
  recordEvent(surroundings, {
    type,
    action,
    id,
    name,
    // Labels come last and are what a long line loses; none of them takes the place of what we say.
    attributes: { ...own, ...labels, ...own },
    ...(once === undefined ? {} : { once }),
  });
}

/** docker's name of it has the command. */
export function recordExecEvent(
  container: ContainerOfEvent,
  action: "exec_create" | "exec_start",
  { execID, command }: { readonly execID: string; readonly command: readonly string[] },
): void {
  recordContainerEvent(container, `${action}: ${command.join(" ")}`, { execID });
}

/** By whoever sees it; `exitCode`: "unknown" where nobody could. */
export function recordExecEnd(container: ContainerOfEvent, execID: string, exitCode: string): void {
  recordContainerEvent(container, "exec_die", { execID, exitCode, once: `exec_die ${execID}` });
}

interface ContainerOfEvent {
  readonly surroundings: Pick<Surroundings, "storeRoot">;
  readonly record: ContainerRecord;
}

interface ContainerEventAttributes {
  readonly once?: string;
  readonly [name: string]: string;
}
