// A new volume begins with what the image has in its place: files with their owners, modes and attributes.
// A volume that holds anything stays as it is.

import {
  LOCK_EX,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFDIR,
  S_IFMT,
} from "../../abi/file.ts";
import { type CopiedTree, writeCopied } from "../../image/copy/copied-items.ts";
import { TreeWriter } from "../../image/copy/tree-writer.ts";
import { type MergedEntry, MergedView } from "../../image/merged-view.ts";
import { TarReader } from "../../image/tar/reader.ts";
import { toByteString } from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, tryFlock } from "../../sys/file.ts";
import type { RunVolume } from "../run-options.ts";

export interface FillOptions {
  readonly volume: RunVolume;
  readonly onWarning: ((text: string) => void) | undefined;
}

const PERMISSIONS = 0o7777;

/** `lower`: the image's directories, topmost first. */
export async function fillVolume(
  path: string,
  lower: readonly string[],
  { volume, onWarning }: FillOptions,
): Promise<void> {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  using folder = new OwnedFd(open(path, O_RDONLY | O_DIRECTORY));
  checked(tryFlock(folder.number, LOCK_EX), "lock", "a volume");
  if (lower.length === 0 || readDirectoryAt(folder.number, ".").length > 0) {
    return;
  }
  using view = new MergedView(lower);
  const top = view.find(toByteString(volume.destination.slice(1)), true);
  if (top === undefined || (top.status.mode & S_IFMT) !== S_IFDIR) {
    return;
  }
  const onNote = (text: string): void => onWarning?.(`volume on ${volume.destination}: ${text}`);
  await copyTree({ view, top, name: "", onNote }, folder.number);
  takeAfter(folder.number, top);
}

async function copyTree(tree: CopiedTree, folderFd: number): Promise<void> {
  const place = { fd: folderFd, folder: "", resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
  using writer = new TreeWriter(place, { owner: undefined, canChown: call("geteuid") === 0 });
  const reader = new TarReader(writer);
  await writeCopied(tree, (chunk) => reader.push(chunk));
  reader.finish();
  writer.finish().forEach(tree.onNote);
}

/** The archive has no entry for the volume itself. */
function takeAfter(folderFd: number, { status }: MergedEntry): void {
  if (call("geteuid") === 0) {
    checked(call("fchown", folderFd, status.uid, status.gid), "give", "a volume");
  }
  checked(call("fchmod", folderFd, status.mode & PERMISSIONS), "change the mode of", "a volume");
}
