// A container's health, and what a probe makes of it: docker's rules. No I/O.

import type { HealthCheck } from "./health-check.ts";

export type HealthStatus = "starting" | "healthy" | "unhealthy";

export interface Health {
  readonly status: HealthStatus;
  /** How many probes in a row have failed, but for those of the start period. */
  readonly failingStreak: number;
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
  endedBootMs: 0,
  log: [],
};

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
  check: Pick<HealthCheck, "retries" | "startPeriodMs">,
  { ranMs, endedBootMs }: Moment,
): Health {
  const log = [...health.log, result].slice(-KEPT_PROBES);
  if (result.exitCode === 0) {
    return { status: "healthy", failingStreak: 0, endedBootMs, log };
  }
  const isForgiven = health.status === "starting" && ranMs < check.startPeriodMs;
  const failingStreak = health.failingStreak + (isForgiven ? 0 : 1);
  const status = failingStreak >= check.retries ? "unhealthy" : health.status;
  return { status, failingStreak, endedBootMs, log };
}

/** When the next probe is due, on the clock that runs from boot. */
export function nextProbeBootMs(
  { status, endedBootMs }: Health,
  check: Pick<HealthCheck, "intervalMs" | "startPeriodMs" | "startIntervalMs">,
  startedBootMs: number,
): number {
  const since = Math.max(endedBootMs, startedBootMs);
  const isNew = status === "starting" && since - startedBootMs < check.startPeriodMs;
  const wait = isNew ? check.startIntervalMs : check.intervalMs;
  return since + Math.max(wait, SHORTEST_REST_MS);
}
