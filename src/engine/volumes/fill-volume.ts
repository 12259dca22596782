// A new volume begins with what the image has in its place: files with their owners, modes and attributes.
// A volume that holds anything stays as it is.

import { LOCK_EX, O_RDONLY, S_IFDIR, S_IFMT } from "../../abi/file.ts";
import { type MergedEntry, MergedView } from "../../image/merged-view.ts";
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
  const top = findTop(view, volume);
  if (top === undefined) {
    return;
  }
  if (view.names(top.path).size > 0) {
    // What reads and writes archives is not loaded by each run with a volume.
    const { copyTree } = await import("./copy-tree.ts");
    const onNote = (text: string): void => onWarning?.(`volume on ${volume.destination}: ${text}`);
    await copyTree({ view, top, name: "", onNote }, folder.number);
  }
  takeAfter(folder.number, top);
}

/** Whether any of the volumes would have files of the image's to begin with. `lower` as above. */
export function hasFilesFor(lower: readonly string[], volumes: readonly RunVolume[]): boolean {
  using view = new MergedView(lower);
  return volumes.some((volume) => {
    const top = findTop(view, volume);
    return top !== undefined && view.names(top.path).size > 0;
  });
}

function findTop(view: MergedView, { destination }: RunVolume): MergedEntry | undefined {
  const top = view.find(toByteString(destination.slice(1)), true);
  return top !== undefined && (top.status.mode & S_IFMT) === S_IFDIR ? top : undefined;
}

/** copyTree copies what is in it alone. */
function takeAfter(folderFd: number, { status }: MergedEntry): void {
  if (call("geteuid") === 0) {
    checked(call("fchown", folderFd, status.uid, status.gid), "give", "a volume");
  }
  checked(call("fchmod", folderFd, status.mode & PERMISSIONS), "change the mode of", "a volume");
}
