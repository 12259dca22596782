// What is known of a container's health, in its folder (../containers/container-folder.ts):
//
//   health.json   {"version": 1, "run": {"pid", "startTime"}, "status", "failingStreak", "endedBootMs",
//                 "log": [{"start", "end", "exitCode", "output"}]}: Health. `run` is the process of the
//                 container that was probed. Replaced as a whole, with the folder locked
//
// A container that has been started again is new: what the file says of another process is not true of it.

import { OcicatError } from "../../error/ocicat-error.ts";
import { readTextAtIfExists, replaceFileAt } from "../../sys/file.ts";
import { readProcessStat } from "../../sys/process.ts";
import type { ContainerStatus } from "../containers/container-status.ts";
import type { StoredContainer } from "../containers/stored-container.ts";
import { type Health, type HealthStatus, NEW_HEALTH } from "./health.ts";
import { healthCheckOf } from "./health-check.ts";

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
export function readHealth(folderFd: number, run: ContainerRun | undefined): Health {
  const document = readDocument(folderFd);
  return document === undefined || (run !== undefined && !isSameRun(document.run, run))
    ? NEW_HEALTH
    : document;
}

/** Undefined: it does not run, or has no check. */
export function liveHealth(
  { record, folder }: Pick<StoredContainer, "record" | "folder">,
  status: ContainerStatus,
): HealthStatus | undefined {
  const run = healthCheckOf(record.options) === undefined ? undefined : currentRun(status);
  return run === undefined ? undefined : readHealth(folder.fd, run).status;
}

export function writeHealth(folderFd: number, run: ContainerRun, health: Health): void {
  const { status, failingStreak, endedBootMs, log } = health;
  const document: HealthDocument = {
    version: VERSION,
    run,
    status,
    failingStreak,
    endedBootMs,
    log,
  };
  replaceFileAt(folderFd, NAME, JSON.stringify(document));
}

/** The engine alone writes it: what has our version is as we wrote it. */
function readDocument(folderFd: number): HealthDocument | undefined {
  const document = parse(readTextAtIfExists(folderFd, NAME, SIZE_LIMIT) ?? "");
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

/** After a power cut it may be empty; the next probe tells the health anew. */
function parse(text: string): HealthDocument | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
