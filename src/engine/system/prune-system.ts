// system prune: removes containers that do not run, images that nobody needs, volumes where that is asked
// for, what interrupted commands have left, and mounts of images that nobody uses.

import { collectGarbage } from "../../image/content/collect-garbage.ts";
import { removeUnusedImageMounts } from "../../image/image-mount.ts";
import { call } from "../../sys/call.ts";
import { pruneContainers } from "../containers/prune-containers.ts";
import { foldEvents } from "../events/fold-events.ts";
import { openImages } from "../images/image-session.ts";
import { type Pruned, type PruneOptions, pruneImages } from "../images/prune-images.ts";

export interface SystemPruneOptions extends PruneOptions {
  /** Those without a name that no container has, too. */
  readonly volumes: boolean;
}

export interface SystemPruned extends Pruned {
  /** IDs. */
  readonly containers: readonly string[];
  /** Names. */
  readonly volumes: readonly string[];
  /** Names in the store of unfinished downloads and layers. */
  readonly unfinished: readonly string[];
  /** Paths. */
  readonly mounts: readonly string[];
}

/** Containers first: what they used is not needed after them. */
export async function pruneSystem({
  volumes: withVolumes,
  ...options
}: SystemPruneOptions): Promise<SystemPruned> {
  const containers = await pruneContainers({ ...options, filters: options.filters ?? [] });
  const volumes = withVolumes ? await pruneNamelessVolumes(options) : [];
  const rest = await collectRest(options);
  const { removed, freedBytes } = await pruneImages(options);
  return {
    ...rest,
    containers: containers.ids,
    volumes,
    removed,
    freedBytes: containers.freedBytes + rest.freedBytes + freedBytes,
  };
}

async function pruneNamelessVolumes(options: PruneOptions): Promise<readonly string[]> {
  const { pruneVolumes } = await import("../volumes/volume-operations.ts");
  return pruneVolumes({ ...options, filters: options.filters ?? [], all: false });
}

async function collectRest(
  options: PruneOptions,
): Promise<Pick<SystemPruned, "unfinished" | "mounts" | "freedBytes">> {
  using session = await openImages(options);
  // Mounts are root's alone; an ordinary user may have no folder for them.
  const mounts =
    call("geteuid") === 0 ? removeUnusedImageMounts(session.surroundings.stateRoot) : [];
  foldEvents(session.surroundings);
  const { removed, bytes } = await collectGarbage(session.store, { partialAgeMs: 0 });
  const unfinished = removed.filter(({ kind }) => kind === "unfinished").map(({ name }) => name);
  return { unfinished, mounts, freedBytes: bytes };
}
