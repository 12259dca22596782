// The file systems of a usual machine, for many small files: ext4 with a journal for what stays, memory for
// what runs (/run). The disk of many virtual machines has no journal: whoever makes a file there searches past
// all that were deleted in the last minutes, so that a run pays for the runs before it. Large files stay on the
// machine's own: what a loop device has to write is written twice.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "../peers/command.ts";

/** Sparse: what is written takes room. */
const SIZE = "16G";

const imageOf = (folder: string): string => `${folder}.img`;

/** For state of any program. */
export function stateFolder(folder: string): string {
  return join(folder, "run");
}

/** Mounts both at `folder`. Without loop devices it stays what it is; returns what there is, for the page. */
export async function mountUsualDisk(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const image = imageOf(folder);
  const steps = [
    ["truncate", `--size=${SIZE}`, image],
    ["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,nodiscard", image],
    ["mount", "-o", "loop", image, folder],
  ];
  const hasDisk = await eachSucceeds(steps);
  const states = stateFolder(folder);
  mkdirSync(states);
  const hasMemory = await eachSucceeds([["mount", "-t", "tmpfs", "states", states]]);
  const disk = hasDisk ? "an ext4 with a journal, in a loop device" : "the machine's disk";
  const memory = hasMemory ? "in memory" : "there, too";
  return `Containers are on ${disk}, their state is ${memory}, images on the machine's disk.`;
}

/** Also of a benchmark that was killed. */
export async function unmountUsualDisk(folder: string): Promise<void> {
  // What still writes to it is a moment behind.
  for (const flags of [[], ["--lazy"]]) {
    await run(["umount", "--quiet", "--recursive", ...flags, folder]);
  }
  rmSync(imageOf(folder), { force: true });
  rmSync(folder, { recursive: true, force: true });
}

async function eachSucceeds(commands: readonly (readonly string[])[]): Promise<boolean> {
  for (const command of commands) {
    const { code } = await run(command);
    if (code !== 0) {
      return false;
    }
  }
  return true;
}
