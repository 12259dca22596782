// export: the files of a container as a tar archive, without what is mounted in it.

import type { ArchiveOutput } from "../../image/formats/archive-output.ts";
import { exportFolders } from "../../image/formats/export-rootfs.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { eventOptions, type WorkOptions } from "../images/transfer-options.ts";
import { readSurroundings } from "../surroundings.ts";
import { openLayers } from "./container-layers.ts";
import { tryFindContainerId } from "./container-names.ts";
import { ownersInside } from "./container-owners.ts";
import { openContainer } from "./stored-container.ts";

/** False: no container has this name or id. */
export async function exportContainer(
  word: string,
  output: ArchiveOutput,
  options: WorkOptions & { readonly stateRoot?: string | undefined },
): Promise<boolean> {
  const { storeRoot } = await readSurroundings(options);
  const id = tryFindContainerId(storeRoot, word);
  if (id === undefined) {
    return false;
  }
  using container = await openContainer(id, options);
  using layers = await openLayers(container);
  const folders = [...(layers.upper === undefined ? [] : [layers.upper]), ...layers.lower];
  await exportFolders(folders, output, {
    ...eventOptions(options),
    mapOwner: ownersInside(container.fileMaps),
  });
  recordContainerEvent(container, "export");
  return true;
}
