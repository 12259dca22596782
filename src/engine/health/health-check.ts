// A container's health check: what is asked for, on top of what its image says, with docker's defaults; and
// the probes that Kubernetes and podman have beside it. No I/O.
//
//   startup     as long as it has not succeeded, it is the only one
//   liveness    the health check
//   readiness   whether work may be given to the container: nothing is done to one that is not ready

import type { Healthcheck, ImageConfig } from "../../oci/image-spec.ts";

/** What is done with a container that turns unhealthy. */
export type FailureAction = "none" | "kill" | "restart" | "stop";

/** What is absent is as the image says, or by default. */
export interface RunHealth {
  /** Docker's form: ["NONE"], ["CMD", ...] or ["CMD-SHELL", command]; or one of port-probe.ts. */
  readonly test?: readonly string[];
  /** What runs a CMD-SHELL: the image's. */
  readonly shell?: readonly string[];
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly startPeriodMs?: number;
  readonly startIntervalMs?: number;
  /** From the container's start to the first probe; absent: an interval. */
  readonly delayMs?: number;
  /** So many successes in a row make a container healthy; 1 when absent. */
  readonly successes?: number;
  /** Only when a user asks for it. */
  readonly isUntimed?: boolean;
  readonly onFailure?: FailureAction;
  /** Of one that is ended because of this probe; absent: as any stop. */
  readonly stopTimeoutMs?: number;
}

export const PROBE_KINDS = ["startup", "liveness", "readiness"] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

/** The probes among a container's options. */
export interface ProbedOptions {
  /** Its liveness. */
  readonly health?: RunHealth;
  readonly startupProbe?: RunHealth;
  readonly readinessProbe?: RunHealth;
}

/** With everything decided. */
export interface HealthCheck {
  /** The program and its arguments; empty where a port is asked. */
  readonly command: readonly string[];
  /** What a port is asked, as port-probe.ts has it; absent: nothing. */
  readonly port?: readonly string[];
  /** From the end of one probe to the next one. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many failures in a row make a container unhealthy. */
  readonly retries: number;
  /** After its start: failures of one that has not been healthy yet do not count. */
  readonly startPeriodMs: number;
  /** In place of intervalMs in that time; not longer, unless it is asked for. */
  readonly startIntervalMs: number;
  /** As RunHealth has them. */
  readonly delayMs?: number;
  readonly successes: number;
  readonly isUntimed: boolean;
  readonly onFailure: FailureAction;
  readonly stopTimeoutMs?: number;
}

/** Docker's. */
export const HEALTH_DEFAULTS = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 0,
  successes: 1,
};
const LONGEST_START_INTERVAL_MS = 5000;
const DEFAULT_SHELL = ["/bin/sh", "-c"];
const NANOSECONDS = 1e6;
const COMMAND_KINDS = ["CMD", "CMD-SHELL"];
/** Of port-probe.ts. No image has them. */
const PORT_KINDS = ["HTTP", "TCP", "GRPC"];
const NO_HEALTH: RunHealth = {};

/** Undefined: the container has no check. An image's value of 0 means the default. */
export function withImageHealth(
  asked: RunHealth | undefined,
  { Healthcheck, Shell }: ImageConfig,
): RunHealth | undefined {
  const { shell: _, ...merged }: RunHealth = { ...imageHealth(Healthcheck ?? {}), ...asked };
  return hasCheck(merged) ? withImageShell(merged, { Shell }) : undefined;
}

export function withImageShell(
  probe: RunHealth,
  { Shell = [] }: { readonly Shell?: readonly string[] | undefined },
): RunHealth {
  return Shell.length === 0 ? probe : { ...probe, shell: Shell };
}

function imageHealth(image: Healthcheck): RunHealth {
  const { Test = [] } = image;
  const milliseconds = (name: string, value: number | undefined) =>
    value === undefined || value === 0 ? {} : { [name]: value / NANOSECONDS };
  return {
    ...(PORT_KINDS.includes(Test[0] ?? "") || Test.length === 0 ? {} : { test: Test }),
    ...milliseconds("intervalMs", image.Interval),
    ...milliseconds("timeoutMs", image.Timeout),
    ...milliseconds("startPeriodMs", image.StartPeriod),
    ...milliseconds("startIntervalMs", image.StartInterval),
    ...(image.Retries === undefined || image.Retries === 0 ? {} : { retries: image.Retries }),
  };
}

function hasCheck({ test = [] }: RunHealth): boolean {
  const [kind] = test;
  return [...COMMAND_KINDS, ...PORT_KINDS].includes(kind ?? "") && test.length > 1;
}

/** Undefined: the container has none. */
export function healthCheckOf({ health }: Pick<ProbedOptions, "health">): HealthCheck | undefined {
  return checkOf(health);
}

/** Undefined: the container has none of this kind. */
export function probeOf(options: ProbedOptions, kind: ProbeKind): HealthCheck | undefined {
  switch (kind) {
    case "startup":
      return withoutLimit(checkOf(options.startupProbe));
    case "liveness":
      return checkOf(options.health);
    case "readiness":
      return checkOf(options.readinessProbe);
  }
}

/** A container for which nothing follows from that may take as long as it likes to come up. */
function withoutLimit(startup: HealthCheck | undefined): HealthCheck | undefined {
  return startup?.onFailure === "none"
    ? { ...startup, retries: Number.POSITIVE_INFINITY }
    : startup;
}

function checkOf(health: RunHealth = NO_HEALTH): HealthCheck | undefined {
  if (!hasCheck(health)) {
    return undefined;
  }
  const { test = [], shell = DEFAULT_SHELL, isUntimed = false, onFailure = "none" } = health;
  const [kind, ...words] = test;
  const { intervalMs, timeoutMs, retries, startPeriodMs, startIntervalMs, successes } = {
    ...HEALTH_DEFAULTS,
    ...health,
  };
  const { delayMs, stopTimeoutMs } = health;
  const interval = intervalMs || HEALTH_DEFAULTS.intervalMs;
  const command = kind === "CMD" ? words : [...shell, ...words];
  return {
    ...(PORT_KINDS.includes(kind ?? "") ? { command: [], port: test } : { command }),
    intervalMs: interval,
    timeoutMs: timeoutMs || HEALTH_DEFAULTS.timeoutMs,
    retries: retries || HEALTH_DEFAULTS.retries,
    startPeriodMs,
    startIntervalMs: startIntervalMs || Math.min(interval, LONGEST_START_INTERVAL_MS),
    ...(delayMs === undefined ? {} : { delayMs }),
    successes: successes || HEALTH_DEFAULTS.successes,
    isUntimed,
    onFailure,
    ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
  };
}

/** Whether the container's probes need a clock: a supervisor. */
export function isTimed(options: ProbedOptions): boolean {
  return PROBE_KINDS.some((kind) => probeOf(options, kind)?.isUntimed === false);
}

/** Whether one of its probes has the container restarted. */
export function restartsOnFailure(options: ProbedOptions): boolean {
  return PROBE_KINDS.some((kind) => probeOf(options, kind)?.onFailure === "restart");
}

/** As docker's documents have it; undefined: there is none. */
export function healthcheckDocument({
  health,
}: Pick<ProbedOptions, "health">): Healthcheck | undefined {
  const check = checkOf(health);
  return check === undefined
    ? undefined
    : {
        Test: health?.test ?? [],
        Interval: check.intervalMs * NANOSECONDS,
        Timeout: check.timeoutMs * NANOSECONDS,
        StartPeriod: check.startPeriodMs * NANOSECONDS,
        StartInterval: check.startIntervalMs * NANOSECONDS,
        Retries: check.retries,
      };
}

/** As podman's documents have a startup probe; undefined: there is none. */
export function probeDocument(
  probe: RunHealth | undefined,
): Readonly<Record<string, unknown>> | undefined {
  const check = checkOf(probe);
  return check === undefined
    ? undefined
    : {
        Test: probe?.test ?? [],
        Interval: check.intervalMs * NANOSECONDS,
        Timeout: check.timeoutMs * NANOSECONDS,
        ...(check.delayMs === undefined ? {} : { InitialDelay: check.delayMs * NANOSECONDS }),
        Retries: check.onFailure === "none" && probe?.retries === undefined ? 0 : check.retries,
        Successes: check.successes,
      };
}
