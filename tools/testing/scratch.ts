// The temporary folder that one test file gets for itself. What is in it afterwards was left behind.

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Scratch {
  readonly path: string;

  constructor() {
    // Short: Unix sockets are made in it. For every user: tests of rootless containers change theirs.
    this.path = mkdtempSync(join(tmpdir(), "oct-"));
    chmodSync(this.path, 0o1777);
  }

  /** Names of the files and mounts that are there. */
  leftovers(): string[] {
    const mounts = this.mounts().map((path) => `${path.slice(this.path.length + 1)} (a mount)`);
    return [...readdirSync(this.path).sort(), ...mounts];
  }

  /** A mount goes first: what it shows is not ours to delete. */
  remove(): void {
    for (const mount of this.mounts().reverse()) {
      Bun.spawnSync(["umount", "--lazy", mount]);
    }
    if (this.mounts().length === 0) {
      rmSync(this.path, { recursive: true, force: true });
    }
  }

  private mounts(): string[] {
    const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
    const paths = lines.map((line) => line.split(" ")[4] ?? "");
    return paths.filter((path) => path.startsWith(`${this.path}/`));
  }
}
