// Which containers have which volumes, as their records say.

import { eachReadable } from "../containers/stored-container.ts";
import type { UnreadableContainer } from "../containers/sweep-containers.ts";
import type { Surroundings } from "../surroundings.ts";

export interface VolumeUsers {
  /** Names of containers, running or not, by that of the volume. */
  readonly known: ReadonlyMap<string, readonly string[]>;
  /** Those that may have any volume. */
  readonly unreadable: readonly UnreadableContainer[];
}

export function findVolumeUsers(surroundings: Surroundings): VolumeUsers {
  const known = new Map<string, string[]>();
  const unreadable: UnreadableContainer[] = [];
  eachReadable(
    surroundings,
    ({ record }) => {
      for (const { name = "" } of record.options.volumes ?? []) {
        known.set(name, [...(known.get(name) ?? []), record.name]);
      }
    },
    (id, { message }) => unreadable.push({ id, reason: message }),
  );
  return { known, unreadable };
}
