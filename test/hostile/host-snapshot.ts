// What stands for the host in a test: everything that must not change, as lines of text.

import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** One line for each entry below `folder`: path, type and mode, owner, device number, content. */
export function snapshotOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const status = lstatSync(path);
      const line = [
        path,
        `0${status.mode.toString(8)}`,
        `${status.uid}:${status.gid}`,
        `device ${status.rdev}`,
        status.isFile() ? JSON.stringify(readFileSync(path, "utf8")) : "",
        status.isSymbolicLink() ? `-> ${readlinkSync(path)}` : "",
      ].join(" ");
      return status.isDirectory() ? [line, ...snapshotOf(path)] : [line];
    });
}
