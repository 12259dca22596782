// Disk images for the guests, as sparse files.

import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, open, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../processes.ts";

/** A disk without a name: whatever ends the lane, it is gone with the last process that has it open. */
export class Disk implements Disposable {
  /** A child opens the disk anew at /dev/fd, under the number that this has there. */
  readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** `write` makes the file; what it makes beside that is gone, too, when this returns. */
  static async make(write: (path: string) => Promise<void>): Promise<Disk> {
    const folder = await mkdtemp(join(tmpdir(), UNFINISHED));
    try {
      const path = join(folder, "disk.img");
      await write(path);
      return new Disk(openSync(path, "r+"));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Its whole content; once, as the descriptor is at its end then. */
  read(): Uint8Array {
    return readFileSync(this.fd);
  }

  [Symbol.dispose](): void {
    closeSync(this.fd);
  }
}

const UNFINISHED = "ocicat-vm-";
/** Many times what a disk takes on a busy machine. */
const UNFINISHED_MS = 3_600_000;

/** Removes what is left of disks whose making was killed. */
export async function removeUnfinishedDisks(folder = tmpdir()): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(UNFINISHED));
  for (const path of names.map((name) => join(folder, name))) {
    // Another lane may have finished it by now.
    const mtimeMs = await stat(path).then(({ mtimeMs }) => mtimeMs, Date.now);
    if (Date.now() - mtimeMs > UNFINISHED_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

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
