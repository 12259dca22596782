// A container without a mount namespace has its mounts in the host's table, below its root. They are
// taken away with it.

import { AT_FDCWD, O_PATH } from "../abi/file.ts";
import { CLONE_NEWNS } from "../abi/process.ts";
import { OwnedFd, open, readLinkAt, readTextFile } from "../sys/file.ts";
import { detachMount } from "../sys/mount.ts";
import type { ContainerState } from "./state-directory.ts";

export function removeHostMounts(state: ContainerState): void {
  if ((state.namespaces & CLONE_NEWNS) !== 0) {
    return;
  }
  const table = readTextFile("/proc/self/mountinfo");
  for (const target of mountsBelow(table, realPath(state.rootfs)).reverse()) {
    detachMount(target);
  }
}

/** The table has paths without links, and root.path may have them, or be ".". */
function realPath(path: string): string {
  using folder = new OwnedFd(open(path, O_PATH));
  return readLinkAt(AT_FDCWD, `/proc/self/fd/${folder.number}`);
}

/** The mount points below a folder, in the order in which they were mounted. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) => unescapePath(line.split(" ")[4] ?? ""))
    .filter((target) => target.startsWith(`${folder}/`));
}

/** The kernel writes blanks, line ends and backslashes in octal: "\\040". */
function unescapePath(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
