import { expect, test } from "bun:test";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { ImageEvent } from "../image-event.ts";
import { RegistryError, retryAfterMs } from "./registry-error.ts";
import { DEFAULT_LIMITS } from "./registry-options.ts";
import { waitBefore, withRetries } from "./retry.ts";

const NOW = Date.parse("Sun, 29 Nov 2026 15:00:00 GMT");

test.each([
  ["3", 3000],
  [" 0 ", 0],
  ["Sun, 29 Nov 2026 15:00:10 GMT", 10_000],
  ["Sun, 29 Nov 2026 14:00:00 GMT", 0],
  ["-5", undefined],
  ["1.5", undefined],
  ["soon", undefined],
  ["2026", 2_026_000],
  ["99999999999999999999", undefined],
  [null, undefined],
])("Retry-After %p asks for %p ms", (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});

test("waits double, are left to chance by half, and have a greatest length", () => {
  const limits = { firstWaitMs: 100, longestWaitMs: 1000 };
  for (const [failures, least, most] of [
    [1, 50, 100],
    [2, 100, 200],
    [3, 200, 400],
    [9, 500, 1000],
  ] as const) {
    const wait = waitBefore(failures, undefined, limits);
    expect(wait).toBeGreaterThanOrEqual(least);
    expect(wait).toBeLessThanOrEqual(most);
  }
  expect(waitBefore(1, 700, limits)).toBe(700);
  expect(waitBefore(1, 5000, limits)).toBe(1000);
});

const FAILURE = { operation: "fetch", subject: "it", reason: "busy" };

function contextOf(events: ImageEvent[], signal?: AbortSignal) {
  const limits = { ...DEFAULT_LIMITS, attempts: 3, firstWaitMs: 1, longestWaitMs: 2 };
  return { limits, onEvent: (event: ImageEvent) => void events.push(event), signal };
}

test("what is worth it is tried again, as often as it may be, and told", async () => {
  const events: ImageEvent[] = [];
  let calls = 0;
  const failing = withRetries(contextOf(events), "it", () => {
    calls += 1;
    return Promise.reject(new RegistryError("unavailable", FAILURE, { isTransient: true }));
  });
  await expect(failing).rejects.toThrow("fetch it: busy");
  expect(calls).toBe(3);
  expect(events.map((event) => (event.kind === "retry" ? event.reason : ""))).toEqual([
    "busy",
    "busy",
  ]);

  let last = 0;
  const other = withRetries(contextOf(events), "it", () => {
    last += 1;
    return Promise.reject(new RegistryError("not-found", FAILURE));
  });
  await expect(other).rejects.toThrow("fetch it: busy");
  expect(last).toBe(1);
});

test("an interruption ends a wait", async () => {
  const ending = new AbortController();
  const context = {
    ...contextOf([], ending.signal),
    limits: { ...DEFAULT_LIMITS, attempts: 3, firstWaitMs: 60_000, longestWaitMs: 60_000 },
    onEvent: () => ending.abort(),
  };
  const failing = withRetries(context, "it", () =>
    Promise.reject(new RegistryError("unavailable", FAILURE, { isTransient: true })),
  );
  const error = await failing.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OcicatError);
  expect(error).toMatchObject({ code: "interrupted" });
});
