// What is known of a container's health, in its folder (../containers/container-folder.ts):
//
//   health.json   {"version": 1, "run": {"pid", "startTime"}, "status", "failingStreak", "succeedingStreak",
//                 "endedBootMs", "log": [{"start", "end", "exitCode", "output"}]}: Health, of the health
//                 check; "startup" and "readiness" have the same of the other probes, where there are any.
//                 `run` is the process of the container that was probed. Replaced as a whole, with the
//                 folder locked
//
// A container that has been started again is new: what the file says of another process is not true of it.

import { OcicatError } from "../../error/ocicat-error.ts";
import { parseOwn } from "../../store/parse-json.ts";
import { readTextAtIfExists, replaceFileAt } from "../../sys/file.ts";
import { readProcessStat } from "../../sys/process.ts";
import type { ContainerStatus } from "../containers/container-status.ts";
import type { StoredContainer } from "../containers/stored-container.ts";
import {
  type Health,
  type HealthStatus,
  NEW_HEALTH,
  NEW_PROBED_HEALTH,
  type ProbedHealth,
  readinessOf,
} from "./health.ts";
import { healthCheckOf, PROBE_KINDS, probeOf } from "./health-check.ts";

const NAME = "health.json";
const VERSION = 1;
const SIZE_LIMIT = 1024 * 1024;

/** From a container's start to its end. */
export interface ContainerRun {
  readonly pid: number;
  /** As /proc tells it; with the pid it names one process. */
  readonly startTime: string;
}

interface HealthDocument extends Health {
  readonly version: number;
  readonly run: ContainerRun;
  readonly startup?: Health;
  readonly readiness?: Health;
}

/** Undefined: it does not run. */
export function currentRun(status: ContainerStatus): ContainerRun | undefined {
  if (status.kind !== "running" && status.kind !== "paused") {
    return undefined;
  }
  const stat = readProcessStat(status.pid);
  return stat === undefined ? undefined : { pid: status.pid, startTime: stat.startTime };
}

export function isSameRun(a: ContainerRun, b: ContainerRun | undefined): boolean {
  return a.pid === b?.pid && a.startTime === b.startTime;
}

/** Of one that does not run: as it was in the end. */
export function readHealth(folderFd: number, run: ContainerRun | undefined): ProbedHealth {
  const document = readDocument(folderFd);
  if (document === undefined || (run !== undefined && !isSameRun(document.run, run))) {
    return NEW_PROBED_HEALTH;
  }
  const { startup = NEW_HEALTH, readiness = NEW_HEALTH, succeedingStreak = 0 } = document;
  const { status, failingStreak, endedBootMs, log } = document;
  const liveness = { status, failingStreak, succeedingStreak, endedBootMs, log };
  return { startup, liveness, readiness };
}

export interface LiveHealth {
  /** Undefined: it does not run, or has no check. */
  readonly health: HealthStatus | undefined;
  /** Undefined: it does not run, or has no probe that says whether it is ready. */
  readonly isReady: boolean | undefined;
}

export function liveHealth(
  { record: { options }, folder }: Pick<StoredContainer, "record" | "folder">,
  status: ContainerStatus,
): LiveHealth {
  const isProbed = PROBE_KINDS.some((kind) => probeOf(options, kind) !== undefined);
  const run = isProbed ? currentRun(status) : undefined;
  if (run === undefined) {
    return { health: undefined, isReady: undefined };
  }
  const health = readHealth(folder.fd, run);
  return {
    health: healthCheckOf(options) === undefined ? undefined : health.liveness.status,
    isReady: readinessOf(options, health),
  };
}

export function writeHealth(
  folderFd: number,
  run: ContainerRun,
  { startup, liveness, readiness }: ProbedHealth,
): void {
  const document: HealthDocument = {
    version: VERSION,
    run,
    ...liveness,
    ...(startup === NEW_HEALTH ? {} : { startup }),
    ...(readiness === NEW_HEALTH ? {} : { readiness }),
  };
  replaceFileAt(folderFd, NAME, JSON.stringify(document));
}

/**
 * The engine alone writes it: what has our version is as we wrote it. After a power cut it may be
 * empty; the next probe tells the health anew.
 */
function readDocument(folderFd: number): HealthDocument | undefined {
  const document = parseOwn<HealthDocument>(readTextAtIfExists(folderFd, NAME, SIZE_LIMIT) ?? "");
  if (document === undefined) {
    return undefined;
  }
  if (document.version !== VERSION) {
    throw new OcicatError("unsupported", {
      operation: "read",
      subject: NAME,
      reason: `its version ${document.version} is not ${VERSION}`,
      hint: "use the ocicat that made the container",
    });
  }
  return document;
}
