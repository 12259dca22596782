// Removes what killed processes left in staging. What is being made stays: the lock of its name is held.
// NAME.clone, NAME.link and NAME.removed-1 belong to whoever holds NAME.lock.

import { readDirectoryAt } from "../sys/directory.ts";
import type { Store } from "./layout.ts";
import { tryLock } from "./lock.ts";
import { removeTree } from "./remove-tree.ts";
import { TreeUsage } from "./tree-usage.ts";

const LOCK_SUFFIX = ".lock";
const PARTIAL_SUFFIX = ".partial";

export interface SweepOptions {
  /** Whether a blob that was begun goes too; default: the next download of it goes on there. */
  readonly isStalePartial?: (name: string) => boolean;
  /** Only tells what it would remove. */
  readonly dryRun?: boolean;
  /** By whom a folder is removed whose owner is another one; removeTree when absent. */
  readonly remove?: (parentFd: number, name: string) => void;
}

export interface SweptEntry {
  readonly name: string;
  /** What it took of the disk. */
  readonly bytes: number;
}

/** Returns what is removed. */
export function sweepStaging(store: Store, options: SweepOptions = {}): readonly SweptEntry[] {
  const staging = store.staging.number;
  const swept: SweptEntry[] = [];
  for (const { name } of readDirectoryAt(staging, ".")) {
    const isKept = name.endsWith(PARTIAL_SUFFIX) && options.isStalePartial?.(name) !== true;
    const owner = name.replace(/(\.lock|\.clone|\.link|(\.removed-\d+)+)$/, "");
    using held = isKept ? undefined : tryLock(staging, owner + LOCK_SUFFIX);
    // The file of a lock goes with the lock.
    if (held === undefined || name.endsWith(LOCK_SUFFIX)) {
      continue;
    }
    swept.push({ name, bytes: new TreeUsage().of(staging, name) });
    if (options.dryRun !== true) {
      (options.remove ?? removeTree)(staging, name);
    }
  }
  return swept;
}
