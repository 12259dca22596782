// A container's health, and what a probe makes of it: docker's rules, and Kubernetes' where docker has none. No
// I/O.

import { type HealthCheck, type ProbedOptions, type ProbeKind, probeOf } from "./health-check.ts";

export type HealthStatus = "starting" | "healthy" | "unhealthy";

export interface Health {
  readonly status: HealthStatus;
  /** How many probes in a row have failed, but for those of the start period. */
  readonly failingStreak: number;
  /** How many in a row have succeeded. */
  readonly succeedingStreak: number;
  /** When the last probe ended, on the clock that runs from boot; 0: there was none. */
  readonly endedBootMs: number;
  /** The latest ones, the last one last. */
  readonly log: readonly ProbeResult[];
}

export interface ProbeResult {
  /** RFC 3339. */
  readonly start: string;
  readonly end: string;
  /** 0: healthy; -1: it took too long, or could not be executed. */
  readonly exitCode: number;
  readonly output: string;
}

export const NEW_HEALTH: Health = {
  status: "starting",
  failingStreak: 0,
  succeedingStreak: 0,
  endedBootMs: 0,
  log: [],
};

/** What each kind of probe says. */
export type ProbedHealth = Readonly<Record<ProbeKind, Health>>;

export const NEW_PROBED_HEALTH: ProbedHealth = {
  startup: NEW_HEALTH,
  liveness: NEW_HEALTH,
  readiness: NEW_HEALTH,
};

/** Its startup probe, if it has one, has succeeded. */
export function hasStarted(options: ProbedOptions, { startup }: ProbedHealth): boolean {
  return probeOf(options, "startup") === undefined || startup.status === "healthy";
}

/** Whether one that runs is ready; undefined: it has no probe that says so. */
export function readinessOf(options: ProbedOptions, health: ProbedHealth): boolean | undefined {
  const isProbed = probeOf(options, "readiness") !== undefined;
  if (!isProbed && probeOf(options, "startup") === undefined) {
    return undefined;
  }
  return hasStarted(options, health) && (!isProbed || health.readiness.status === "healthy");
}

const KEPT_PROBES = 5;
/** A probe costs more than the container pays for: nobody's container has the host run one after the other. */
const SHORTEST_REST_MS = 100;

/** What is known of the container's run when a probe has ended. */
export interface Moment {
  /** How long the container had run when the probe began. */
  readonly ranMs: number;
  readonly endedBootMs: number;
}

export function afterProbe(
  health: Health,
  result: ProbeResult,
  check: Pick<HealthCheck, "retries" | "startPeriodMs" | "successes">,
  { ranMs, endedBootMs }: Moment,
): Health {
  const log = [...health.log, result].slice(-KEPT_PROBES);
  if (result.exitCode === 0) {
    const succeedingStreak = health.succeedingStreak + 1;
    const status = succeedingStreak >= check.successes ? "healthy" : health.status;
    return { status, failingStreak: 0, succeedingStreak, endedBootMs, log };
  }
  const isForgiven = health.status === "starting" && ranMs < check.startPeriodMs;
  const failingStreak = health.failingStreak + (isForgiven ? 0 : 1);
  const status = failingStreak >= check.retries ? "unhealthy" : health.status;
  return { status, failingStreak, succeedingStreak: 0, endedBootMs, log };
}

/**
 * When the next probe is due, on the clock that runs from boot. `openedBootMs`: when the startup probe of a
 * container that has one had succeeded.
 */
export function nextProbeBootMs(
  { status, endedBootMs }: Health,
  check: Pick<HealthCheck, "intervalMs" | "startPeriodMs" | "startIntervalMs" | "delayMs">,
  startedBootMs: number,
  openedBootMs = startedBootMs,
): number {
  if (check.delayMs !== undefined && endedBootMs < startedBootMs) {
    return Math.max(startedBootMs + check.delayMs, openedBootMs);
  }
  const since = Math.max(endedBootMs, openedBootMs);
  const isNew = status === "starting" && since - startedBootMs < check.startPeriodMs;
  const wait = isNew ? check.startIntervalMs : check.intervalMs;
  return since + Math.max(wait, SHORTEST_REST_MS);
}
