// Gives back what a container had while it ran, once it has ended: cgroup and runtime state, attach
// socket, its use of a mounted image; and the container itself where that was asked for (--rm) and nobody
// restarts it. Whoever sees the end first does it: the attached client, the command that the holder executes,
// or the next command that meets the container.

import { removeUnusedImageMount, removeUnusedImageMounts } from "../../image/image-mount.ts";
import { deleteContainer } from "../../runtime/delete.ts";
import { foldWhenLarge } from "../events/fold-when-large.ts";
import { recordEnd } from "../events/record-end.ts";
import { isPod } from "../pods/pod-record.ts";
import type { IdMaps } from "../run-spec.ts";
import { removeSecretFiles } from "../secrets/secret-files.ts";
import type { Surroundings } from "../surroundings.ts";
import { removeAttachSocket } from "./attach-socket.ts";
import type { ContainerFolder } from "./container-folder.ts";
import {
  type ContainerRecord,
  isToRestart,
  readContainerRecord,
  readStartRecord,
} from "./container-record.ts";
import { containerStatus, isLive } from "./container-status.ts";
import { removeContainerFiles } from "./create-container.ts";
import { killExecs } from "./sweep-execs.ts";

export interface Settlement {
  readonly record: ContainerRecord;
  readonly folder: ContainerFolder;
  readonly surroundings: Surroundings;
  readonly idMaps: IdMaps | undefined;
}

/**
 * Repeating it does no harm, and neither does it where the container has been, or is about to be,
 * started again.
 */
export async function settleContainer(settlement: Settlement): Promise<void> {
  const { record, folder, surroundings, idMaps } = settlement;
  using _lock = folder.lock();
  const status = containerStatus(folder, surroundings);
  if (readContainerRecord(folder.fd) === undefined || isLive(status)) {
    return;
  }
  recordEnd(settlement, status);
  await giveBack(settlement);
  if (record.options.remove && !isToRestart(folder.fd)) {
    await removeContainerFiles({ record, folder }, surroundings, idMaps);
  }
  await foldWhenLarge(surroundings);
}

/** Kills what may still run. */
export async function giveBack({
  record,
  folder,
  surroundings,
}: Pick<Settlement, "record" | "folder" | "surroundings">): Promise<void> {
  giveBackOf(record.id, surroundings);
  const started = readStartRecord(folder.fd);
  for (const key of started?.imageMounts ?? []) {
    removeUnusedImageMount(surroundings.stateRoot, key);
  }
  if (started?.startedMs === 0) {
    // A damaged record: nobody knows which.
    removeUnusedImageMounts(surroundings.stateRoot);
  }
  if (isPod(record)) {
    const { removePodCgroup } = await import("../pods/pod-cgroup.ts");
    removePodCgroup(record);
  }
}

export function giveBackOf(id: string, surroundings: Surroundings): void {
  deleteContainer({ stateRoot: surroundings.containerStateRoot, id, force: true });
  killExecs(surroundings, id);
  removeAttachSocket(surroundings, id);
  removeSecretFiles(surroundings.stateRoot, id);
}
