// What is copied: a file or a folder with all that is in it, as archives have it, under the names that it
// gets where it is copied to.

import { quoteByteString } from "../../sys/byte-path.ts";
import { type ExportItem, type MapOwner, withOwners } from "../formats/export-item.ts";
import { folderItems } from "../formats/folder-items.ts";
import type { MergedEntry, MergedView } from "../merged-view.ts";
import { type ByteSink, TarWriter } from "../tar/tar-writer.ts";

export interface CopiedTree {
  readonly view: MergedView;
  /** What is copied. */
  readonly top: MergedEntry;
  /** The byte string that stands in the place of the top's path; "": its content has no folder. */
  readonly name: string;
  /** Absent: owners are what they are on the disk. */
  readonly mapOwner?: MapOwner;
  readonly onNote: (text: string) => void;
}

/** Writes it as a tar archive. */
export async function writeCopied(tree: CopiedTree, sink: ByteSink): Promise<void> {
  const writer = new TarWriter(sink);
  for (const { entry, content } of withOwners(copiedItems(tree), tree.mapOwner)) {
    await writer.add(entry, content);
  }
  await writer.finish();
}

function* copiedItems({ view, top, name, onNote }: CopiedTree): Generator<ExportItem, void> {
  const renamed = (path: string): string => {
    const inside = path === top.path || path === "." ? "" : path.slice(prefixLength(top));
    return [name, inside].filter((part) => part !== "").join("/") || ".";
  };
  const onLeftOut = (path: string): void => {
    onNote(`${quoteByteString(`/${path}`)} is a socket, which is not copied`);
  };
  for (const { entry, content } of folderItems(view, onLeftOut, top.path)) {
    const linkTarget = entry.kind === "hard-link" ? renamed(entry.linkTarget) : entry.linkTarget;
    yield { entry: { ...entry, path: renamed(entry.path), linkTarget }, content };
  }
}

/** Of the paths of what is in it. */
function prefixLength({ path }: MergedEntry): number {
  return path === "" ? 0 : path.length + 1;
}
