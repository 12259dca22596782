import { expect, test } from "bun:test";
import { parseCommandLine } from "../parse-command-line.ts";
import { HEALTH_FLAGS } from "./health-flags.ts";
import { parseHealth, parseStartupProbe } from "./health-options.ts";

function parsed(words: readonly string[], isRemoved = false, parse = parseHealth) {
  const line = { command: "run", flags: HEALTH_FLAGS, placement: "anywhere" } as const;
  const flags = parseCommandLine(line, words);
  return flags === undefined ? undefined : parse(flags, isRemoved);
}

const startup = (words: readonly string[], isRemoved = false) =>
  parsed(words, isRemoved, parseStartupProbe);

test.each([
  [[], undefined],
  [["--health-cmd", "curl -f localhost"], { test: ["CMD-SHELL", "curl -f localhost"] }],
  [["--health-cmd", '["curl", "-f"]'], { test: ["CMD", "curl", "-f"] }],
  [["--health-cmd", '["CMD-SHELL", "a b"]'], { test: ["CMD-SHELL", "a b"] }],
  [["--health-cmd", "[ -e /file ]"], { test: ["CMD-SHELL", "[ -e /file ]"] }],
  [["--health-cmd", "none"], { test: ["NONE"] }],
  [["--no-healthcheck"], { test: ["NONE"] }],
  [["--health-interval", "1ms"], { intervalMs: 1 }],
  [["--health-interval=disable"], { isUntimed: true }],
  [
    ["--health-timeout=1m30s", "--health-retries=5", "--health-start-period=0"],
    { timeoutMs: 90_000, retries: 5, startPeriodMs: 0 },
  ],
  [
    ["--health-start-interval=250ms", "--health-on-failure=stop"],
    { startIntervalMs: 250, onFailure: "stop" },
  ],
] as const)("%p", (words, health) => {
  expect<unknown>(parsed(words)).toEqual(health);
});

test.each([
  [["--health-interval", "30"], "it is no time of 1ms or more"],
  [["--health-timeout", "100us"], "it is no time of 1ms or more"],
  [["--health-retries", "-1"], "it is not a number from 0"],
  [["--health-on-failure", "panic"], "it is none of none, kill, restart, stop"],
  [["--no-healthcheck", "--health-cmd", "true"], "it does not go with --health-* flags"],
])("%p is refused", (words, reason) => {
  expect(() => parsed(words)).toThrow(reason);
});

test("what is removed at its end is not started again", () => {
  expect(() => parsed(["--health-on-failure=restart"], true)).toThrow("it does not go with --rm");
});

test.each([
  [["--health-cmd", "true"], undefined],
  [["--health-startup-cmd", "test -e /up"], { test: ["CMD-SHELL", "test -e /up"] }],
  [
    ["--health-startup-cmd=true", "--health-startup-retries=0", "--health-startup-success=3"],
    { test: ["CMD-SHELL", "true"], successes: 3 },
  ],
  [
    ["--health-startup-cmd=true", "--health-startup-retries=5", "--health-startup-interval=2s"],
    { test: ["CMD-SHELL", "true"], retries: 5, onFailure: "restart", intervalMs: 2000 },
  ],
  [
    [
      "--health-startup-cmd=true",
      "--health-startup-timeout=1s",
      "--health-startup-interval=disable",
    ],
    { test: ["CMD-SHELL", "true"], timeoutMs: 1000, isUntimed: true },
  ],
] as const)("the startup check of %p", (words, probe) => {
  expect<unknown>(startup(words)).toEqual(probe);
});

test("a startup check's flags need one, and --rm goes with no restart", () => {
  expect(() => startup(["--health-startup-retries=5"])).toThrow("flags need it");
  expect(() => startup(["--health-startup-cmd=true", "--health-startup-retries=5"], true)).toThrow(
    "it does not go with --rm",
  );
});
