import { expect, test } from "bun:test";
import type { Healthcheck } from "../../oci/image-spec.ts";
import {
  healthCheckOf,
  healthcheckDocument,
  isTimed,
  type RunHealth,
  withImageHealth,
} from "./health-check.ts";

const IMAGE: Healthcheck = {
  Test: ["CMD-SHELL", "curl -f http://localhost"],
  Interval: 5_000_000_000,
  Timeout: 0,
  Retries: 7,
};

function merged(asked: RunHealth | undefined, Healthcheck?: Healthcheck, Shell?: string[]) {
  const health = withImageHealth(asked, {
    ...(Healthcheck === undefined ? {} : { Healthcheck }),
    ...(Shell === undefined ? {} : { Shell }),
  });
  return health === undefined ? undefined : healthCheckOf({ health });
}

test("the image's check, with defaults for what it does not say", () => {
  expect(merged(undefined, IMAGE)).toEqual({
    command: ["/bin/sh", "-c", "curl -f http://localhost"],
    intervalMs: 5000,
    timeoutMs: 30_000,
    retries: 7,
    startPeriodMs: 0,
    startIntervalMs: 5000,
    successes: 1,
    isUntimed: false,
    onFailure: "none",
  });
});

test("what is asked for counts more, each for itself", () => {
  const asked: RunHealth = { timeoutMs: 100, onFailure: "kill" };
  expect(merged(asked, IMAGE)).toMatchObject({
    intervalMs: 5000,
    timeoutMs: 100,
    onFailure: "kill",
  });
  const command = ["true"];
  expect(merged({ test: ["CMD", ...command] }, IMAGE)).toMatchObject({ command, retries: 7 });
  expect(merged({ startPeriodMs: 0 }, { ...IMAGE, StartPeriod: 9e9 })?.startPeriodMs).toBe(0);
});

test("a container that starts is not checked less often than one that runs", () => {
  const test = ["CMD", "true"];
  expect(merged({ test })?.startIntervalMs).toBe(5000);
  expect(merged({ test, intervalMs: 200 })?.startIntervalMs).toBe(200);
  expect(merged({ test, intervalMs: 200, startIntervalMs: 700 })?.startIntervalMs).toBe(700);
});

test("the image's shell runs the line", () => {
  const command = ["/bin/bash", "-c", "true"];
  expect(merged({ test: ["CMD-SHELL", "true"] }, undefined, ["/bin/bash", "-c"])).toMatchObject({
    command,
  });
});

const NONE: readonly (readonly [string, RunHealth | undefined, Healthcheck | undefined])[] = [
  ["nobody says anything", undefined, undefined],
  ["the image has switched off its base's", undefined, { Test: ["NONE"] }],
  ["the image has an empty one", undefined, { Test: [], Interval: 1 }],
  ["an image's without a command", undefined, { Test: ["CMD"] }],
  ["a kind that is not known", undefined, { Test: ["HTTP", "/"] }],
  ["the user wants none", { test: ["NONE"] }, IMAGE],
  ["times without a command", { intervalMs: 5 }, undefined],
];

test.each(NONE)("no check: %s", (_, asked, image) => {
  expect(merged(asked, image)).toBeUndefined();
  expect(healthcheckDocument(asked === undefined ? {} : { health: asked })).toBeUndefined();
});

test("docker's document of it", () => {
  const health: RunHealth = { test: ["CMD", "true"], intervalMs: 1.5, startPeriodMs: 2000 };
  expect(healthcheckDocument({ health })).toEqual({
    Test: ["CMD", "true"],
    Interval: 1_500_000,
    Timeout: 30_000_000_000,
    StartPeriod: 2_000_000_000,
    StartInterval: 1_500_000,
    Retries: 3,
  });
});

test("a clock is needed for a check that is timed", () => {
  expect(isTimed({ health: { test: ["CMD", "true"] } })).toBe(true);
  expect(isTimed({ health: { test: ["CMD", "true"], isUntimed: true } })).toBe(false);
  expect(isTimed({})).toBe(false);
});
