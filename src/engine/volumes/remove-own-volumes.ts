// The volumes that are a container's own are removed with it.

import type { RunContainerOptions } from "../run-options.ts";
import type { IdMaps } from "../run-spec.ts";
import type { Surroundings } from "../surroundings.ts";
import { VolumeStore } from "./volume-store.ts";

/** Those that were made for this container alone, when it is removed. */
export async function removeVolumesOf(
  { volumes = [] }: Pick<RunContainerOptions, "volumes">,
  { storeRoot }: Surroundings,
  idMaps: IdMaps | undefined,
): Promise<void> {
  const own = volumes.filter(({ anonymous, name }) => anonymous === true && name !== undefined);
  if (own.length === 0) {
    return;
  }
  using store = new VolumeStore(storeRoot, "shared");
  for (const { name = "" } of own) {
    if (store.find(name) !== undefined) {
      await store.remove(name, idMaps);
    }
  }
}
