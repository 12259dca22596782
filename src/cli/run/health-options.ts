// What the flags of `ocicat run` on the container's health check mean.

import type { FailureAction, RunHealth } from "../../engine/health/health-check.ts";
import { parseDuration } from "../../oci/duration.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { HEALTH_FLAGS } from "./health-flags.ts";
import { parseWhole } from "./values.ts";

type HealthFlags = FlagsOf<typeof HEALTH_FLAGS>;

const ACTIONS: readonly FailureAction[] = ["none", "kill", "restart", "stop"];
const MOST_RETRIES = 1_000_000;
const SHORTEST_MS = 1;

/** Undefined: no flag says anything. */
export function parseHealth(
  flags: Pick<HealthFlags, "text" | "switch">,
  isRemoved: boolean,
): RunHealth | undefined {
  const health = {
    ...given(flags, "health-cmd", (text) => ({ test: parseTest(text) })),
    ...given(flags, "health-interval", parseInterval),
    ...given(flags, "health-timeout", (text, flag) => ({ timeoutMs: parseTime(flag, text) })),
    ...given(flags, "health-retries", (text, flag) => ({
      retries: parseWhole(flag, text, [0, MOST_RETRIES]),
    })),
    ...given(flags, "health-start-period", (text, flag) => ({
      startPeriodMs: parseTime(flag, text),
    })),
    ...given(flags, "health-start-interval", (text, flag) => ({
      startIntervalMs: parseTime(flag, text),
    })),
    ...given(flags, "health-on-failure", (text) => ({ onFailure: parseAction(text, isRemoved) })),
  };
  const isGiven = Object.keys(health).length > 0;
  if (flags.switch("no-healthcheck")) {
    if (isGiven) {
      throw badValue("no-healthcheck", "true", "it does not go with --health-* flags");
    }
    return { test: ["NONE"] };
  }
  return isGiven ? health : undefined;
}

/** Undefined: no flag says anything. */
export function parseStartupProbe(
  flags: Pick<HealthFlags, "text">,
  isRemoved: boolean,
): RunHealth | undefined {
  const probe = {
    ...given(flags, "health-startup-cmd", (text) => ({ test: parseTest(text) })),
    ...given(flags, "health-startup-interval", parseInterval),
    ...given(flags, "health-startup-timeout", (text, flag) => ({
      timeoutMs: parseTime(flag, text),
    })),
    ...given(flags, "health-startup-retries", (text, flag) =>
      parseStartupRetries(parseWhole(flag, text, [0, MOST_RETRIES]), isRemoved),
    ),
    ...given(flags, "health-startup-success", (text, flag) => ({
      successes: parseWhole(flag, text, [0, MOST_RETRIES]),
    })),
  };
  if (Object.keys(probe).length > 0 && probe.test === undefined) {
    throw badValue("health-startup-cmd", "", "the other --health-startup-* flags need it");
  }
  return probe.test === undefined ? undefined : probe;
}

/** As podman has it: without a number it is never restarted. */
function parseStartupRetries(retries: number, isRemoved: boolean): RunHealth {
  if (retries > 0 && isRemoved) {
    throw badValue("health-startup-retries", String(retries), "it does not go with --rm");
  }
  return retries === 0 ? {} : { retries, onFailure: "restart" };
}

type TextFlag = {
  readonly [Name in keyof typeof HEALTH_FLAGS]: (typeof HEALTH_FLAGS)[Name] extends {
    readonly kind: "text";
  }
    ? Name
    : never;
}[keyof typeof HEALTH_FLAGS];

function given(
  flags: Pick<HealthFlags, "text">,
  flag: TextFlag,
  parse: (text: string, flag: TextFlag) => RunHealth,
): RunHealth {
  const text = flags.text(flag);
  return text === undefined ? {} : parse(text, flag);
}

/** As podman reads it. */
function parseTest(text: string): readonly string[] {
  if (text === "" || text === "none") {
    return ["NONE"];
  }
  const words = text.startsWith("[") ? parseWords(text) : undefined;
  if (words === undefined) {
    return ["CMD-SHELL", text];
  }
  const [kind = ""] = words;
  return ["CMD", "CMD-SHELL", "NONE"].includes(kind) ? words : ["CMD", ...words];
}

/** A line for the shell may begin with a bracket, too. */
function parseWords(text: string): readonly string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    const isList = Array.isArray(words) && words.every((word) => typeof word === "string");
    return isList && words.length > 0 ? words : undefined;
  } catch {
    return undefined;
  }
}

function parseInterval(text: string, flag: string): RunHealth {
  return text === "disable" ? { isUntimed: true } : { intervalMs: parseTime(flag, text) };
}

/** In milliseconds. 0 stands for the default, as docker has it. */
function parseTime(flag: string, text: string): number {
  const time = parseDuration(text);
  if (time === undefined || (time !== 0 && time < SHORTEST_MS)) {
    throw badValue(flag, text, 'it is no time of 1ms or more: write "500ms", "30s", "1m30s"');
  }
  return time;
}

function parseAction(text: string, isRemoved: boolean): FailureAction {
  const action = ACTIONS.find((each) => each === text);
  if (action === undefined) {
    throw badValue("health-on-failure", text, `it is none of ${ACTIONS.join(", ")}`);
  }
  if (action === "restart" && isRemoved) {
    throw badValue("health-on-failure", text, "it does not go with --rm");
  }
  return action;
}
