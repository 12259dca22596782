// Disk images for the guests, as sparse files.

import { open } from "node:fs/promises";
import { runCommand } from "../processes.ts";

export async function makeEmptyDisk(path: string, size: number): Promise<void> {
  await using file = await open(path, "w");
  await file.truncate(size);
}

/** Writes `tree` into a new ext4 image. A journal would only cost time: images live for one boot. */
export async function makeExt4Disk(path: string, size: number, tree: string): Promise<void> {
  await makeEmptyDisk(path, size);
  const options = ["-q", "-t", "ext4", "-O", "^has_journal", "-E", "root_owner=0:0"];
  await runCommand(["mke2fs", ...options, "-d", tree, path]);
}
