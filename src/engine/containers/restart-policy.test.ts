import { describe, expect, test } from "bun:test";
import { type EndedRun, parseRestartPolicy, restartDelayMs } from "./restart-policy.ts";

describe("policies", () => {
  test("are read as docker writes them", () => {
    expect(parseRestartPolicy("on-failure:5")).toEqual({ kind: "on-failure", maxRetries: 5 });
    expect(parseRestartPolicy("on-failure")).toEqual({ kind: "on-failure", maxRetries: 0 });
    expect(parseRestartPolicy("always")).toEqual({ kind: "always" });
  });

  test.each(["", "sometimes", "always:3", "on-failure:-1", "on-failure:x"])(
    "%p is none",
    (text) => {
      expect(() => parseRestartPolicy(text)).toThrow("it is none of no, always");
    },
  );
});

const ENDED: EndedRun = { code: 1, ranMs: 50, restarts: 0, isStopped: false };

const CASES: readonly [policy: string, ended: Partial<EndedRun>, delayMs: number | undefined][] = [
  ["no", {}, undefined],
  ["always", {}, 100],
  ["always", { code: 0, restarts: 3 }, 800],
  ["always", { restarts: 1000 }, 60_000],
  ["always", { restarts: 1000, ranMs: 10_000 }, 100],
  ["always", { isStopped: true }, undefined],
  ["unless-stopped", { code: undefined }, 100],
  ["on-failure", { code: 0 }, undefined],
  ["on-failure", { code: undefined }, 100],
  ["on-failure:2", { restarts: 1 }, 200],
  ["on-failure:2", { restarts: 2 }, undefined],
];

describe("delays", () => {
  test.each(CASES)("%s, %p", (policy, ended, delayMs) => {
    expect(restartDelayMs(parseRestartPolicy(policy), { ...ENDED, ...ended })).toBe(delayMs);
  });
});
