// A container whose state folder was removed while it ran, by whatever clears folders of temporary files. Its
// process goes on, and its holder keeps it, but the way to both was in that folder: nothing can be done with it but
// to end it. It is found as the holder's child.

import { POLLIN, SIGKILL } from "../../abi/process.ts";
import { planCgroup } from "../../cgroup/intent.ts";
import { removeCgroup } from "../../cgroup/remove.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { readExitRecord } from "../../holder/exit-record.ts";
import type { OwnedFd } from "../../sys/file.ts";
import { openLiveProcess, trySignalPidfd } from "../../sys/process.ts";
import { pollInLoop } from "../../sys/waiting.ts";
import { awaitExitRecord } from "./await-exit-record.ts";
import { cgroupsPath } from "./configure-container.ts";
import { readStartRecord } from "./container-record.ts";
import { livePid } from "./container-status.ts";
import { childOfHolder } from "./holder-process.ts";
import type { StoredContainer } from "./stored-container.ts";

/** A pidfd; undefined: it is no such container. */
export function openStray({ folder, surroundings }: StoredContainer): OwnedFd | undefined {
  const started = readStartRecord(folder.fd);
  if (
    started === undefined ||
    readExitRecord(folder.fd) !== undefined ||
    livePid(surroundings, folder.id) !== undefined
  ) {
    return undefined;
  }
  const child = childOfHolder(started);
  return child === undefined ? undefined : openLiveProcess(child);
}

export interface StrayEnd {
  readonly signal: number;
  /** How long the process may take before it is killed. */
  readonly timeoutMs: number;
}

/** False: it is no such container, and is left as it is. */
export async function endStray(container: StoredContainer, end: StrayEnd): Promise<boolean> {
  using process = openStray(container);
  if (process === undefined) {
    return false;
  }
  const awaited = [{ fd: process.number, events: POLLIN }];
  trySignalPidfd(process.number, end.signal);
  const [hasEnded = 0] = await pollInLoop(awaited, end.timeoutMs);
  if (hasEnded === 0) {
    trySignalPidfd(process.number, SIGKILL);
    await pollInLoop(awaited);
  }
  const started = readStartRecord(container.folder.fd);
  if (started !== undefined) {
    awaitExitRecord(container.folder, started);
  }
  removeCgroupOf(container);
  return true;
}

/** Where it was written down is gone, too; where it was made follows from what was asked for. */
function removeCgroupOf({ record, idMaps }: StoredContainer): void {
  const { id, options } = record;
  const path = cgroupsPath(id, options, idMaps !== undefined);
  if (path === undefined || idMaps !== undefined) {
    return;
  }
  const { systemdCgroup: systemd } = options;
  try {
    removeCgroup(planCgroup({ containerId: id, cgroupsPath: path, systemd, rootless: false }));
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
  }
}
