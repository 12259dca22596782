// diff: what a container has changed in the files of its image.

import { type FolderChange, folderChanges } from "../../image/formats/folder-changes.ts";
import { MergedView } from "../../image/merged-view.ts";
import type { IdMaps } from "../run-spec.ts";
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
  const counted = container.lentMaps;
  if (counted !== undefined) {
    const changes = await changesAsOwner(upper, layers.lower, counted);
    showAll(withoutMountPoints(changes, made), show);
    return;
  }
  using lower = new MergedView(layers.lower);
  showAll(withoutMountPoints(folderChanges(upper, lower), made), show);
}

function showAll(changes: Iterable<FolderChange>, show: (change: FolderChange) => void): void {
  for (const change of changes) {
    show(change);
  }
}

/** Directories may be closed to the user whose container it is. */
async function changesAsOwner(
  upper: string,
  lower: readonly string[],
  counted: IdMaps,
): Promise<readonly FolderChange[]> {
  const { streamAsOwner } = await import("../users/as-owner-command.ts");
  const chunks: Uint8Array[] = [];
  await streamAsOwner({
    task: { kind: "compare", upper, lower },
    counted,
    onOutput: (chunk) => {
      chunks.push(chunk.slice());
    },
  });
  const lines = Buffer.concat(chunks).toString().split("\n").filter(Boolean);
  return lines.map((line): FolderChange => JSON.parse(line));
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
