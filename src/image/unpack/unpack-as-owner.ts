// Layers whose files belong to several ids of an ordinary user are unpacked by a process that may give files
// to these: root of a user namespace, as which the user executes this program again.

import type { IdMaps } from "../../plan/request.ts";
import { Store } from "../../store/layout.ts";
import { ensureLayer, type LayerRequest } from "../layer-store.ts";
import { InsideOwners } from "./inside-owners.ts";
import type { UnpackLimits } from "./limits.ts";

/** Those of an image that are missing, the lowest first. */
export type OwnedLayer = Omit<LayerRequest, "ownership" | "owners">;

export interface OwnedLayers {
  readonly storeRoot: string;
  readonly limits: UnpackLimits;
  /** From the image's ids to those of the host. */
  readonly maps: IdMaps;
}

/** Fulfilled when they are in the store. */
export type UnpackAsOwner = (layers: readonly OwnedLayer[], place: OwnedLayers) => Promise<void>;

/** As that other process. `maps`: to the ids as they are counted in its user namespace. */
export async function unpackOwned(
  layers: readonly OwnedLayer[],
  { storeRoot, limits, maps }: OwnedLayers,
): Promise<void> {
  using store = new Store(storeRoot);
  const owners = new InsideOwners(maps);
  for (const layer of layers) {
    await ensureLayer(store, { ...layer, ownership: "keep", owners }, { limits });
  }
}
