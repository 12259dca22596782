// wait --condition: until a container is in a state, healthy among them. What a container turns into is
// written into its folder, which tells of that: nothing is looked at again and again.

import { POLLIN } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { FolderWatch } from "../../sys/inotify.ts";
import { pollInLoop } from "../../sys/waiting.ts";
import { NEW_PROBED_HEALTH, readinessOf } from "../health/health.ts";
import { healthCheckOf } from "../health/health-check.ts";
import { liveHealth } from "../health/health-file.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { openHolder } from "./await-end.ts";
import { isStopped, readContainerRecord } from "./container-record.ts";
import { type ContainerStatus, isRestarting } from "./container-status.ts";
import { isAboutToRestart } from "./due-restart.ts";
import { keepPromises } from "./keep-promises.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

/** Podman's names of those that a container's folder tells of, and Kubernetes' of one that may be given work. */
export const CONDITIONS = [
  "created",
  "running",
  "healthy",
  "unhealthy",
  "ready",
  "exited",
  "stopped",
] as const;
export type Condition = (typeof CONDITIONS)[number];

/** What podman says instead of an exit code. */
const NO_CODE = -1;

/**
 * Until one of them holds. The exit code of a container that has ended, else -1. Throws "wrong-state" for
 * one that has ended and is not about to be started again: it does not become what is waited for.
 */
export async function waitForCondition(
  word: string,
  conditions: readonly Condition[],
  options: SurroundingsOptions,
): Promise<number> {
  using container = await openContainer(word, options);
  checkPossible(container, conditions);
  using watch = new FolderWatch(container.folder.path);
  for (;;) {
    watch.drain();
    // Before its status: what its holder writes at last is in that.
    using holder = openHolder(container);
    const status = container.status();
    if (conditions.some((condition) => holds(container, status, condition))) {
      return status.kind === "exited" ? status.code : NO_CODE;
    }
    if (readContainerRecord(container.folder.fd) === undefined) {
      throw unreachable(container, "it has been removed");
    }
    if (status.kind === "exited" || status.kind === "lost") {
      checkToCome(container, holder !== undefined);
    }
    const ended = holder === undefined ? [] : [{ fd: holder.number, events: POLLIN }];
    const [, isOver = 0] = await pollInLoop([{ fd: watch.fd, events: POLLIN }, ...ended]);
    if (isOver !== 0) {
      // It has written down the end, or was killed itself.
      await keepPromises(container);
    }
  }
}

function holds(container: StoredContainer, status: ContainerStatus, condition: Condition): boolean {
  switch (condition) {
    case "created":
    case "exited":
      return status.kind === condition;
    case "running":
      return status.kind === "running";
    case "stopped":
      return status.kind === "exited" || status.kind === "lost";
    case "healthy":
    case "unhealthy":
      return liveHealth(container, status).health === condition;
    case "ready":
      return liveHealth(container, status).isReady === true;
  }
}

function checkPossible(container: StoredContainer, conditions: readonly Condition[]): void {
  const isOfHealth = conditions.every((each) => each === "healthy" || each === "unhealthy");
  if (isOfHealth && healthCheckOf(container.record.options) === undefined) {
    throw unreachable(container, "it has no health check");
  }
  const isProbed = readinessOf(container.record.options, NEW_PROBED_HEALTH) !== undefined;
  if (conditions.every((each) => each === "ready") && !isProbed) {
    throw unreachable(container, "it has no readiness or startup probe");
  }
}

/** It had ended a moment ago. */
function checkToCome(container: StoredContainer, hasHolder: boolean): void {
  // With the lock nobody is between the end of its waiting and its start.
  using _lock = container.folder.lock();
  const status = container.status();
  const comesBack = isRestarting(status)
    ? !isStopped(container.folder.fd)
    : isAboutToRestart(container, status);
  if (status.kind === "exited" && !comesBack) {
    throw unreachable(container, `it has ended with ${status.code}`);
  }
  if (status.kind === "lost" && !comesBack && !hasHolder) {
    throw unreachable(container, status.reason);
  }
}

function unreachable({ record: { name } }: StoredContainer, reason: string): OcicatError {
  return new OcicatError("wrong-state", {
    operation: "wait for",
    subject: `container ${quote(name)}`,
    reason,
  });
}
