// Removes what killed processes left in staging. What is being made stays: its lock is held.

import { readDirectoryAt } from "../sys/directory.ts";
import type { Store } from "./layout.ts";
import { tryLock } from "./lock.ts";
import { removeTree } from "./remove-tree.ts";

const LOCK_SUFFIX = ".lock";
const PARTIAL_SUFFIX = ".partial";

export interface SweepOptions {
  /** Whether a blob that was begun goes too; default: the next download of it goes on there. */
  readonly partial?: (name: string) => boolean;
}

/** Returns the names of what is removed. */
export function sweepStaging(store: Store, options: SweepOptions = {}): readonly string[] {
  const staging = store.staging.number;
  const removed: string[] = [];
  for (const { name } of readDirectoryAt(staging, ".")) {
    const isKept = name.endsWith(PARTIAL_SUFFIX) && options.partial?.(name) !== true;
    const owner = name.replace(/(\.lock|\.clone|\.link|\.removed-\d+)$/, "");
    using held = isKept ? undefined : tryLock(staging, owner + LOCK_SUFFIX);
    if (held === undefined) {
      continue;
    }
    // A lock's file goes with the lock.
    if (!name.endsWith(LOCK_SUFFIX)) {
      removeTree(staging, name);
      removed.push(name);
    }
  }
  return removed;
}
