// How many execs a container remembers, and what goes with it.

import { SIGKILL } from "../../abi/process.ts";
import { stat } from "../../sys/file.ts";
import { openLiveProcess, trySignalPidfd } from "../../sys/process.ts";
import type { Surroundings } from "../surroundings.ts";
import { listContainerIds } from "./container-names.ts";
import {
  containersWithExecs,
  type ExecFolder,
  eachExec,
  eachExecAlone,
  listExecIds,
  removeExecFolders,
} from "./exec-folder.ts";
import { execStatus } from "./exec-status.ts";

/** So many that have ended can be asked. */
const KEPT = 64;
/** So many more may be there before somebody looks at each of them. */
const SLACK = 16;

/** Removes the oldest of those that have ended, or were never started, when there are many. */
export function pruneExecs(surroundings: Surroundings, container: string): void {
  if (listExecIds(surroundings, container).length <= KEPT + SLACK) {
    return;
  }
  const removable: { readonly id: string; readonly createdMs: number }[] = [];
  eachExecAlone(surroundings, container, (folder) => {
    const record = folder.read();
    if (record === undefined || execStatus(folder, record).kind !== "running") {
      removable.push({ id: folder.id, createdMs: record?.createdMs ?? 0 });
    }
  });
  removable.sort((one, other) => other.createdMs - one.createdMs);
  const old = new Set(removable.slice(KEPT).map(({ id }) => id));
  eachExecAlone(surroundings, container, (folder) => {
    if (old.has(folder.id)) {
      folder.remove();
    }
  });
}

/** Removes what was made for containers that had been removed in that moment. */
export function sweepExecs(surroundings: Surroundings): void {
  const { storeRoot, containerStateRoot } = surroundings;
  const known = new Set(listContainerIds(storeRoot));
  for (const id of containersWithExecs(surroundings)) {
    // A container of another store, with the same folder for states, has a state while it runs.
    if (!known.has(id) && stat(`${containerStateRoot}/${id}`) === undefined) {
      removeExecFolders(surroundings, id);
    }
  }
}

/**
 * Kills what still runs of a container that has ended: without a pid namespace of its own, and without a
 * cgroup to find them by, its processes do not end with it.
 */
export function killExecs(surroundings: Surroundings, container: string): void {
  eachExec(surroundings, container, killExec);
}

function killExec(folder: ExecFolder): void {
  const start = folder.read()?.start;
  using pidfd = start === undefined ? undefined : openLiveProcess(start);
  if (pidfd !== undefined) {
    trySignalPidfd(pidfd.number, SIGKILL);
  }
}
