import { describe, expect, test } from "bun:test";
import {
  afterProbe,
  type Health,
  type HealthStatus,
  NEW_HEALTH,
  NEW_PROBED_HEALTH,
  nextProbeBootMs,
  type ProbedHealth,
  type ProbeResult,
  readinessOf,
} from "./health.ts";

const CHECK: Parameters<typeof nextProbeBootMs>[1] & Parameters<typeof afterProbe>[2] = {
  retries: 3,
  startPeriodMs: 10_000,
  intervalMs: 30_000,
  startIntervalMs: 2000,
  successes: 1,
};

function result(exitCode: number): ProbeResult {
  return {
    start: "2026-01-01T00:00:00.000Z",
    end: "2026-01-01T00:00:01.000Z",
    exitCode,
    output: "",
  };
}

/** Probes one after the other: the exit code, and how long the container had run, in seconds. */
function probe(...probes: readonly (readonly [exitCode: number, ranSeconds: number])[]): Health {
  return probes.reduce(
    (health, [exitCode, ranSeconds]) =>
      afterProbe(health, result(exitCode), CHECK, {
        ranMs: ranSeconds * 1000,
        endedBootMs: ranSeconds * 1000 + 500,
      }),
    NEW_HEALTH,
  );
}

const CASES: readonly (readonly [
  title: string,
  health: Health,
  status: HealthStatus,
  failingStreak: number,
])[] = [
  ["new", NEW_HEALTH, "starting", 0],
  ["the first success", probe([0, 1]), "healthy", 0],
  [
    "failures in the start period do not count",
    probe([1, 1], [1, 3], [1, 5], [1, 7]),
    "starting",
    0,
  ],
  ["those behind it do", probe([1, 9], [1, 11], [1, 41]), "starting", 2],
  ["so many of them", probe([1, 11], [1, 41], [1, 71]), "unhealthy", 3],
  ["more of them", probe([1, 11], [1, 41], [1, 71], [-1, 101]), "unhealthy", 4],
  [
    "one that was healthy is not new any more",
    probe([0, 1], [1, 3], [1, 5], [1, 7]),
    "unhealthy",
    3,
  ],
  ["fewer than that leave it healthy", probe([0, 1], [1, 3], [1, 5]), "healthy", 2],
  ["a success in between", probe([0, 1], [1, 3], [1, 5], [0, 7], [1, 9]), "healthy", 1],
  ["well again", probe([1, 11], [1, 41], [1, 71], [0, 101]), "healthy", 0],
  ["any code but 0 is a failure", probe([2, 11], [137, 41], [-1, 71]), "unhealthy", 3],
];

test.each(CASES)("%s", (_, health, status, failingStreak) => {
  expect([health.status, health.failingStreak]).toEqual([status, failingStreak]);
});

test("the last five probes are kept", () => {
  const health = probe([1, 1], [2, 2], [3, 3], [4, 4], [5, 5], [6, 6], [7, 7]);
  expect(health.log.map(({ exitCode }) => exitCode)).toEqual([3, 4, 5, 6, 7]);
});

describe("the next probe", () => {
  const started = 50_000;
  const next = (health: Partial<Health>, check = CHECK) =>
    nextProbeBootMs({ ...NEW_HEALTH, ...health }, check, started);

  test("comes after the interval of the start, then after the other", () => {
    expect(next({})).toBe(52_000);
    expect(next({ endedBootMs: 59_000 })).toBe(61_000);
    expect(next({ endedBootMs: 60_000 })).toBe(90_000);
    expect(next({ endedBootMs: 51_000, status: "healthy" })).toBe(81_000);
    expect(next({}, { ...CHECK, startPeriodMs: 0 })).toBe(80_000);
  });

  test("comes after its delay first, but not before the startup probe has succeeded", () => {
    const delayed = { ...CHECK, startPeriodMs: 0, delayMs: 4000 };
    expect(next({}, delayed)).toBe(54_000);
    expect(next({ endedBootMs: 55_000 }, delayed)).toBe(85_000);
    expect(next({}, { ...delayed, delayMs: 0 })).toBe(50_000);
    const opened = (check: typeof CHECK) => nextProbeBootMs(NEW_HEALTH, check, started, 70_000);
    expect(opened(delayed)).toBe(70_000);
    expect(opened({ ...CHECK, startPeriodMs: 0 })).toBe(100_000);
  });

  test("does not follow at once, whatever is asked for", () => {
    const hasty = { ...CHECK, intervalMs: 1, startPeriodMs: 0 };
    expect(next({ endedBootMs: 70_000 }, hasty)).toBe(70_100);
  });
});

test("so many successes in a row are needed as are asked for", () => {
  const check = { ...CHECK, successes: 2, startPeriodMs: 0 };
  const moment = { ranMs: 0, endedBootMs: 1 };
  const after = (...codes: readonly number[]) =>
    codes.reduce((health, code) => afterProbe(health, result(code), check, moment), NEW_HEALTH);
  expect(after(0).status).toBe("starting");
  expect(after(0, 1, 0).status).toBe("starting");
  expect(after(0, 0).status).toBe("healthy");
  expect(after(0, 0, 1, 1).status).toBe("healthy");
  expect(after(0, 0, 1, 1, 1, 0).status).toBe("unhealthy");
});

describe("whether a container is ready", () => {
  const PROBE = { test: ["CMD", "true"] };
  const told = (startup: HealthStatus, readiness: HealthStatus): ProbedHealth => ({
    ...NEW_PROBED_HEALTH,
    startup: { ...NEW_HEALTH, status: startup },
    readiness: { ...NEW_HEALTH, status: readiness },
  });

  test("nobody says where there is no probe of that", () => {
    expect(readinessOf({ health: PROBE }, told("healthy", "healthy"))).toBeUndefined();
  });

  /** With a startup probe alone, a readiness probe alone, both. */
  test.each<[HealthStatus, HealthStatus, ready: readonly boolean[]]>([
    ["starting", "starting", [false, false, false]],
    ["starting", "healthy", [false, true, false]],
    ["healthy", "starting", [true, false, false]],
    ["healthy", "unhealthy", [true, false, false]],
    ["healthy", "healthy", [true, true, true]],
  ])("startup %s, readiness %s", (startup, readiness, ready) => {
    const startupProbe = PROBE;
    const readinessProbe = PROBE;
    const options = [{ startupProbe }, { readinessProbe }, { startupProbe, readinessProbe }];
    const health = told(startup, readiness);
    expect(options.map((each) => readinessOf(each, health))).toEqual([...ready]);
  });
});
