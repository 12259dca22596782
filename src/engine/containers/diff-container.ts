// diff: what a container has changed in the files of its image.

import { type FolderChange, folderChanges } from "../../image/formats/folder-changes.ts";
import { MergedView } from "../../image/merged-view.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { mountPoints, openLayers, requireUpper } from "./container-layers.ts";
import { openContainer } from "./stored-container.ts";

/** Calls `show` with each change, directories before what is in them. */
export async function diffContainer(
  word: string,
  options: SurroundingsOptions,
  show: (change: FolderChange) => void,
): Promise<void> {
  using container = await openContainer(word, options);
  using layers = await openLayers(container);
  const upper = requireUpper(container, layers, "compare");
  const made = mountPoints(container);
  using lower = new MergedView(layers.lower);
  for (const change of withoutMountPoints(folderChanges(upper, lower), made)) {
    show(change);
  }
}

/** Nor the directories above, where nothing else has changed: they were copied up for the mount points. */
export function* withoutMountPoints(
  changes: Iterable<FolderChange>,
  mountPaths: ReadonlySet<string>,
): Generator<FolderChange, void> {
  let waiting: FolderChange[] = [];
  for (const change of changes) {
    const { path } = change;
    if (mountPaths.has(path)) {
      continue;
    }
    waiting = waiting.filter((parent) => path.startsWith(`${parent.path}/`));
    const isParent = [...mountPaths].some((each) => each.startsWith(`${path}/`));
    if (isParent && change.keepsAttributes === true) {
      waiting.push(change);
    } else {
      yield* waiting;
      waiting = [];
      yield change;
    }
  }
}
