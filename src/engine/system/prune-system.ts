// system prune: removes images that nobody needs, what interrupted commands have left, and mounts of
// images that nobody uses.

import { collectGarbage } from "../../image/content/collect-garbage.ts";
import { removeUnusedImageMounts } from "../../image/image-mount.ts";
import { call } from "../../sys/call.ts";
import { sweepContainers } from "../containers/sweep-containers.ts";
import { openImages } from "../images/image-session.ts";
import { type Pruned, type PruneOptions, pruneImages } from "../images/prune-images.ts";

export interface SystemPruned extends Pruned {
  /** Names in the store of unfinished downloads and layers, and of folders of containers. */
  readonly unfinished: readonly string[];
  /** Paths. */
  readonly mounts: readonly string[];
}

export async function pruneSystem(options: PruneOptions): Promise<SystemPruned> {
  const rest = await collectRest(options);
  const { removed, freedBytes } = await pruneImages(options);
  return { ...rest, removed, freedBytes: rest.freedBytes + freedBytes };
}

async function collectRest(options: PruneOptions): Promise<Omit<SystemPruned, "removed">> {
  using session = await openImages(options);
  // Mounts are root's alone; an ordinary user may have no folder for them.
  const mounts =
    call("geteuid") === 0 ? removeUnusedImageMounts(session.surroundings.stateRoot) : [];
  const { removed, bytes } = await collectGarbage(session.store, { partialAgeMs: 0 });
  const unfinished = removed.filter(({ kind }) => kind === "unfinished").map(({ name }) => name);
  const swept = await sweepContainers(session.surroundings);
  const folders = swept.ids.map((id) => `containers/${id}`);
  return { unfinished: [...unfinished, ...folders], mounts, freedBytes: bytes + swept.freedBytes };
}
