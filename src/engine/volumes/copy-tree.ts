// What is in a folder of an image, into a folder.

import { RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from "../../abi/file.ts";
import { type CopiedTree, writeCopied } from "../../image/copy/copied-items.ts";
import { TreeWriter } from "../../image/copy/tree-writer.ts";
import { TarReader } from "../../image/tar/reader.ts";
import { call } from "../../sys/call.ts";

export async function copyTree(tree: CopiedTree, folderFd: number): Promise<void> {
  const place = { fd: folderFd, folder: "", resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
  using writer = new TreeWriter(place, { owner: undefined, canChown: call("geteuid") === 0 });
  const reader = new TarReader(writer);
  await writeCopied(tree, (chunk) => reader.push(chunk));
  reader.finish();
  writer.finish().forEach(tree.onNote);
}
