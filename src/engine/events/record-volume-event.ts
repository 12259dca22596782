// Events of volumes. A volume has no other id than its name.

import type { ContainerRecord } from "../containers/container-record.ts";
import { recordEvent } from "./record-event.ts";

export function recordVolumeEvent(
  storeRoot: string,
  action: string,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): void {
  const all = { driver: "local", ...attributes };
  recordEvent({ storeRoot }, { type: "volume", action, id: name, name: "", attributes: all });
}

/** Of those that a container has, as it starts and when it has ended. */
export function recordVolumesOf(
  { surroundings, record }: VolumesOfEvent,
  action: "mount" | "unmount",
): void {
  for (const { name = "", destination, readOnly } of record.options.volumes ?? []) {
    recordVolumeEvent(surroundings.storeRoot, action, name, {
      container: record.id,
      destination,
      "read/write": String(!readOnly),
    });
  }
}

interface VolumesOfEvent {
  readonly surroundings: { readonly storeRoot: string };
  readonly record: ContainerRecord;
}
