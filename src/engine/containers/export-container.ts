// export: the files of a container as a tar archive, without what is mounted in it.

import { type ArchiveOutput, writeOutput } from "../../image/formats/archive-output.ts";
import { type ExportOptions, exportFolders } from "../../image/formats/export-rootfs.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { eventOptions, type WorkOptions } from "../images/transfer-options.ts";
import { readSurroundings } from "../surroundings.ts";
import { openLayers } from "./container-layers.ts";
import { tryFindContainerId } from "./container-names.ts";
import { ownersInside } from "./container-owners.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

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
  await exportAll(container, folders, output, eventOptions(options));
  recordContainerEvent(container, "export");
  return true;
}

async function exportAll(
  { fileMaps, lentMaps: counted }: StoredContainer,
  folders: readonly string[],
  output: ArchiveOutput,
  options: ExportOptions,
): Promise<void> {
  if (fileMaps === undefined || counted === undefined) {
    await exportFolders(folders, output, { ...options, mapOwner: ownersInside(fileMaps) });
    return;
  }
  const { countedMaps, streamAsOwner } = await import("../users/as-owner-command.ts");
  const maps = countedMaps(fileMaps, counted);
  const task = { kind: "export", folders, maps } as const;
  await writeOutput(output, async (onOutput) => {
    for (const text of await streamAsOwner({ task, counted, onOutput })) {
      options.onEvent?.({ kind: "note", text });
    }
  });
}
