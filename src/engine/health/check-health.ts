// healthcheck run: probes a container once, writes down what came of it, and does what is to be done with
// one that is unhealthy. The supervisor has each probe done by a process of its own that does the same: so
// a container can hold up nobody's probes but its own.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { bootMs, startedBootMs } from "../../sys/clock.ts";
import { forgetRestart } from "../containers/container-record.ts";
import { openContainer, type StoredContainer } from "../containers/stored-container.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { actOnFailure } from "./failure-action.ts";
import {
  afterProbe,
  type Health,
  type HealthStatus,
  hasStarted,
  type ProbeResult,
  readinessOf,
} from "./health.ts";
import { type HealthCheck, type ProbeKind, probeOf } from "./health-check.ts";
import {
  type ContainerRun,
  currentRun,
  isSameRun,
  readHealth,
  writeHealth,
} from "./health-file.ts";
import { overdue, probe } from "./probe.ts";

export interface CheckOptions extends SurroundingsOptions {
  /** A probe that did not even come to its own timeout has been killed: only write that down. */
  readonly isOverdue?: boolean;
  /** Absent: the startup probe until it has succeeded, then the health check. */
  readonly kind?: ProbeKind | undefined;
}

export interface CheckedHealth {
  /** Of this probe. */
  readonly isWell: boolean;
  readonly status: HealthStatus;
}

/** Throws "wrong-state" for a container that does not run or is paused, or that has no such check. */
export async function checkHealth(word: string, options: CheckOptions): Promise<CheckedHealth> {
  using container = await openContainer(word, options);
  const kind = options.kind ?? kindDue(container);
  const check = requireCheck(container, kind);
  const run = requireUnpaused(container);
  const probedBootMs = bootMs();
  const result = options.isOverdue === true ? overdue(check) : await probe(container, check);
  const health = recordProbe(container, { run, kind, check, result, probedBootMs });
  if (health === undefined) {
    throw refused(container, "it has ended meanwhile");
  }
  if (result.exitCode !== 0 && health.status === "unhealthy") {
    await actOnFailure(container, check);
  }
  return { isWell: result.exitCode === 0, status: health.status };
}

/** As podman has it. */
function kindDue(container: StoredContainer): ProbeKind {
  const health = readHealth(container.folder.fd, currentRun(container.status()));
  return hasStarted(container.record.options, health) ? "liveness" : "startup";
}

interface Probed {
  readonly run: ContainerRun;
  readonly kind: ProbeKind;
  readonly check: HealthCheck;
  readonly result: ProbeResult;
  /** When it began. */
  readonly probedBootMs: number;
}

/** Undefined: the container that was probed has ended. */
function recordProbe(container: StoredContainer, probed: Probed): Health | undefined {
  const { run, kind, check, result, probedBootMs } = probed;
  const { folder, record } = container;
  using _lock = folder.lock();
  if (!isSameRun(run, currentRun(container.status()))) {
    return undefined;
  }
  const before = readHealth(folder.fd, run);
  const moment = { ranMs: probedBootMs - startedBootMs(run.startTime), endedBootMs: bootMs() };
  const health = afterProbe(before[kind], result, check, moment);
  const after = { ...before, [kind]: health };
  writeHealth(folder.fd, run, after);
  if (health.status !== before[kind].status) {
    tellStatus(container, kind, health.status);
  }
  const isReady = readinessOf(record.options, after);
  if (isReady !== readinessOf(record.options, before)) {
    recordContainerEvent(container, `readiness_status: ${isReady === true ? "ready" : "unready"}`);
  }
  if (kind === "liveness" && health.status === "healthy") {
    forgetRestart(folder.fd);
  }
  return health;
}

/** Of readiness it is told what follows from it. */
function tellStatus(container: StoredContainer, kind: ProbeKind, status: HealthStatus): void {
  if (kind !== "readiness") {
    recordContainerEvent(container, `${kind === "startup" ? kind : "health"}_status: ${status}`);
  }
}

function requireCheck(container: StoredContainer, kind: ProbeKind): HealthCheck {
  const check = probeOf(container.record.options, kind);
  if (check === undefined && kind === "liveness") {
    throw refused(container, "it has no health check", "--health-cmd of run gives it one");
  }
  if (check === undefined) {
    throw refused(container, `it has no ${kind} probe`);
  }
  return check;
}

function requireUnpaused(container: StoredContainer): ContainerRun {
  const status = container.status();
  const run = currentRun(status);
  if (run === undefined) {
    throw refused(container, "it is not running");
  }
  if (status.kind === "paused") {
    throw refused(container, "it is paused");
  }
  return run;
}

function refused({ record: { name } }: StoredContainer, reason: string, hint?: string) {
  return new OcicatError("wrong-state", {
    operation: "check the health of",
    subject: `container ${quote(name)}`,
    reason,
    ...(hint === undefined ? {} : { hint }),
  });
}
