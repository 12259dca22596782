// What the process of a pod and the pod's containers mean to each other while they start and end.

import { OcicatError } from "../../error/ocicat-error.ts";
import { stopContainer } from "../containers/container-operations.ts";
import type { ContainerStatus } from "../containers/container-status.ts";
import { dueRestartMs } from "../containers/due-restart.ts";
import { restartContainer } from "../containers/restart-container.ts";
import { isGoingDown } from "../containers/restart-record.ts";
import { openContainer } from "../containers/stored-container.ts";
import {
  placeOf,
  readSurroundings,
  type Surroundings,
  type SurroundingsOptions,
} from "../surroundings.ts";
import { type FoundContainer, findPod, isLive, membersOf } from "./open-pods.ts";
import { removePodCgroup } from "./pod-cgroup.ts";

/**
 * One of its containers has ended and been settled. Nothing happens while others run, or are to be started:
 * again, or for the first time. `podId`: undefined for a container without a pod.
 */
export async function memberEnded(
  podId: string | undefined,
  surroundings: Surroundings,
): Promise<void> {
  const pod = podId === undefined ? undefined : await tryFindPod(podId, surroundings);
  if (pod === undefined) {
    return;
  }
  if (!isLive(pod)) {
    removePodCgroup(pod.record);
    return;
  }
  const { exitPolicy } = pod.record.options.source.pod;
  if (exitPolicy !== "stop" || isGoingDown(surroundings.stateRoot)) {
    return;
  }
  for (const member of pod.members) {
    const isNew = member.status.kind === "created";
    if (isNew || isLive(member) || (await isToBeStarted(member, surroundings))) {
      return;
    }
  }
  await stopContainer(pod.record.id, placeOf(surroundings));
}

async function tryFindPod(podId: string, surroundings: Surroundings) {
  try {
    return await findPod(podId, placeOf(surroundings));
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}

/** By its restart policy, or because its health check has it restarted. */
async function isToBeStarted(
  { record, status }: FoundContainer,
  surroundings: Surroundings,
): Promise<boolean> {
  using container = await openContainer(record.id, placeOf(surroundings));
  return dueRestartMs(container, status) !== undefined;
}

/**
 * Containers that run in the namespaces of a process which is no more are restarted, so that they find
 * the others again. `id`: of what has been started; nothing happens unless it is a pod.
 */
export async function renewMembers(id: string, options: SurroundingsOptions): Promise<void> {
  const surroundings = await readSurroundings(options);
  using pod = await openContainer(id, options);
  const startedMs = startOf(pod.status());
  const older = membersOf(id, surroundings).filter(
    (member) => isLive(member) && startOf(member.status) < startedMs,
  );
  for (const { record } of older) {
    await restartContainer(record.id, options);
  }
}

function startOf(status: ContainerStatus): number {
  return status.kind === "created" ? 0 : status.startedMs;
}
