// Processes that exec added to a container and whose holders were killed: adopt-exec.ts gives them others.

import { readExitRecord } from "../../holder/exit-record.ts";
import { isAlive } from "../../sys/process.ts";
import type { Surroundings } from "../surroundings.ts";
import { type ExecFolder, eachExec } from "./exec-folder.ts";

/** Their ids. */
export function orphanedExecs(surroundings: Surroundings, container: string): readonly string[] {
  return eachExec(surroundings, container, (folder) =>
    isOrphanedExec(folder) ? [folder.id] : [],
  ).flat();
}

/** A holder removes its socket in the end: where there is none, nothing else has to be looked at. */
function isOrphanedExec(folder: ExecFolder): boolean {
  if (!folder.hasSocket || folder.isLocked() || readExitRecord(folder.fd) !== undefined) {
    return false;
  }
  const start = folder.read()?.start;
  return start !== undefined && isAlive(start);
}

/** `only`: the id of the one that is meant; absent: all. */
export async function adoptOrphanedExecs(
  surroundings: Surroundings,
  container: string,
  only?: string,
): Promise<void> {
  const ids = orphanedExecs(surroundings, container).filter((id) => id === (only ?? id));
  if (ids.length > 0) {
    const { adoptExecIfOrphaned } = await import("./adopt-exec.ts");
    for (const id of ids) {
      adoptExecIfOrphaned({ surroundings, container, id });
    }
  }
}
