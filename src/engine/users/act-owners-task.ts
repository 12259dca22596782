// The other side of as-owner-command.ts: root of a user namespace, whose ids are those that are counted.

import { O_RDONLY } from "../../abi/file.ts";
import { writeOutput } from "../../image/formats/archive-output.ts";
import { exportFolders } from "../../image/formats/export-rootfs.ts";
import { folderChanges } from "../../image/formats/folder-changes.ts";
import { writeLayer } from "../../image/formats/write-layer.ts";
import { MergedView } from "../../image/merged-view.ts";
import { unpackOwned } from "../../image/unpack/unpack-as-owner.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { ownersInside } from "../containers/container-owners.ts";
import { copyBetween, copyFromInput, copyToSink } from "../containers/copy-between.ts";
import { fillVolume } from "../volumes/fill-volume.ts";
import type { CopyTask, OwnersTask } from "./as-owner-command.ts";

const INPUT = { kind: "descriptor", fd: 0, description: "the archive" } as const;
const OUTPUT = { kind: "descriptor", fd: 1, description: "the archive" } as const;

type OnWarning = (text: string) => void;

/** `onWarning`: a line. */
export async function actOwnersTask(task: OwnersTask, onWarning: OnWarning): Promise<void> {
  switch (task.kind) {
    case "unpack":
      await unpackOwned(task.layers, task.place);
      return;
    case "fill":
      await fillVolume(task.path, task.lower, { volume: task.volume, onWarning });
      return;
    case "forget":
      forget(task.path);
      return;
    case "export":
      await exportAs(task, onWarning);
      return;
    case "compare":
      await compare(task);
      return;
    case "commit":
      await commit(task, onWarning);
      return;
    case "copy":
      await copy(task, onWarning);
      return;
  }
}

function forget(path: string): void {
  using folder = new OwnedFd(open(path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
  removeTree(folder.number, "work");
}

type TaskOf<Kind> = Extract<OwnersTask, { readonly kind: Kind }>;

async function exportAs({ folders, maps }: TaskOf<"export">, onWarning: OnWarning): Promise<void> {
  await exportFolders(folders, OUTPUT, {
    mapOwner: ownersInside(maps),
    onEvent: (event) => {
      if (event.kind === "note") {
        onWarning(event.text);
      }
    },
  });
}

async function compare({ upper, lower }: TaskOf<"compare">): Promise<void> {
  using view = new MergedView(lower);
  await writeOutput(OUTPUT, async (sink) => {
    for (const change of folderChanges(upper, view)) {
      await sink(encodeText(`${JSON.stringify(change)}\n`));
    }
  });
}

async function commit(
  { leftOut, maps, ...layer }: TaskOf<"commit">,
  onWarning: OnWarning,
): Promise<void> {
  const made = new Set(leftOut);
  await writeOutput(OUTPUT, (sink) =>
    writeLayer(
      { ...layer, isLeftOut: (path) => made.has(path), mapOwner: ownersInside(maps) },
      { sink, onNote: onWarning },
    ),
  );
}

async function copy(
  { from, to, archive, followLink, overwrite }: CopyTask,
  onNote: OnWarning,
): Promise<void> {
  const way = { archive, followLink, overwrite, onNote };
  if (from !== undefined && to !== undefined) {
    await copyBetween(from, to, way);
  } else if (from !== undefined) {
    await writeOutput(OUTPUT, (sink) => copyToSink(from, sink, way));
  } else if (to !== undefined) {
    await copyFromInput(INPUT, to, way);
  }
}
