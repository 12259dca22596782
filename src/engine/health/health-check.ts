// A container's health check: what is asked for, on top of what its image says, with docker's defaults. No
// I/O.

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
  /** Only when a user asks for it. */
  readonly isUntimed?: boolean;
  readonly onFailure?: FailureAction;
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
  /** In place of intervalMs in that time. */
  readonly startIntervalMs: number;
  readonly isUntimed: boolean;
  readonly onFailure: FailureAction;
}

const DEFAULTS = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 5000,
};
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
  return hasCheck(merged)
    ? { ...merged, ...(Shell === undefined || Shell.length === 0 ? {} : { shell: Shell }) }
    : undefined;
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
export function healthCheckOf({
  health = NO_HEALTH,
}: {
  readonly health?: RunHealth;
}): HealthCheck | undefined {
  if (!hasCheck(health)) {
    return undefined;
  }
  const { test = [], shell = DEFAULT_SHELL, isUntimed = false, onFailure = "none" } = health;
  const [kind, ...words] = test;
  const { intervalMs, timeoutMs, retries, startPeriodMs, startIntervalMs } = {
    ...DEFAULTS,
    ...health,
  };
  const command = kind === "CMD" ? words : [...shell, ...words];
  return {
    ...(PORT_KINDS.includes(kind ?? "") ? { command: [], port: test } : { command }),
    intervalMs: intervalMs || DEFAULTS.intervalMs,
    timeoutMs: timeoutMs || DEFAULTS.timeoutMs,
    retries: retries || DEFAULTS.retries,
    startPeriodMs,
    startIntervalMs: startIntervalMs || DEFAULTS.startIntervalMs,
    isUntimed,
    onFailure,
  };
}

/** Whether the container's probes need a clock: a supervisor. */
export function isTimed(options: { readonly health?: RunHealth }): boolean {
  return healthCheckOf(options)?.isUntimed === false;
}

/** As docker's documents have it; undefined: there is none. */
export function healthcheckDocument(options: {
  readonly health?: RunHealth;
}): Healthcheck | undefined {
  const check = healthCheckOf(options);
  return check === undefined
    ? undefined
    : {
        Test: options.health?.test ?? [],
        Interval: check.intervalMs * NANOSECONDS,
        Timeout: check.timeoutMs * NANOSECONDS,
        StartPeriod: check.startPeriodMs * NANOSECONDS,
        StartInterval: check.startIntervalMs * NANOSECONDS,
        Retries: check.retries,
      };
}
