// What the flags of `ocicat run` mean that limit what a container takes of the machine.

import {
  checkMemory,
  type RunLimits,
  type RunThrottle,
  type RunUlimit,
  type ThrottleKind,
  ulimitType,
} from "../../engine/run-limits.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { LIMIT_FLAGS } from "./resource-flags.ts";
import { parseCpus, parsePidsLimit, parseSize, parseWhole } from "./values.ts";

type LimitFlags = FlagsOf<typeof LIMIT_FLAGS>;
type LimitName = Parameters<LimitFlags["text"]>[0];
type NumberFlag = "cpu-shares" | "cpu-period" | "cpu-quota" | "blkio-weight";

export function parseLimits(flags: LimitFlags): RunLimits {
  const limits = parseChangedLimits(flags);
  checkMemory(limits);
  return limits;
}

/** Of a container that may have others. */
export function parseChangedLimits(flags: LimitFlags): RunLimits {
  checkCpus(flags);
  return {
    ...memoryLimits(flags),
    ...cpuLimits(flags),
    ...found(flags.text("pids-limit"), "pids", parsePidsLimit),
    ...found(asked(flags, "blkio-weight"), "blkioWeight", whole("blkio-weight", [10, 1000])),
    ...throttlesOf(flags),
    ...weightsOf(flags),
    ...parseFirstVersion(flags),
  };
}

/** A property for a flag that is given, unless it means "no limit". */
function found<Name extends string, Value>(
  text: string | undefined,
  name: Name,
  parse: (text: string) => Value | undefined,
): { readonly [Key in Name]?: Value } {
  const value = text === undefined ? undefined : parse(text);
  const properties: { [Key in Name]?: Value } = {};
  if (value !== undefined) {
    properties[name] = value;
  }
  return properties;
}

/** 0 is no limit, as docker and podman have it. */
function asked(flags: LimitFlags, name: LimitName): string | undefined {
  const text = flags.text(name);
  return text !== undefined && /^0+(\.0+)?[bkmg]?$/i.test(text) ? undefined : text;
}

function whole(flag: NumberFlag, range: readonly [number, number]) {
  return (text: string): number => parseWhole(flag, text, range);
}

/** Docker's: a container with less does not come up. */
const LEAST_MEMORY = 6 * 2 ** 20;

function memoryLimits(flags: LimitFlags) {
  return {
    ...found(asked(flags, "memory"), "memory", parseMemoryLimit),
    ...found(asked(flags, "memory-reservation"), "memoryReservation", (text) =>
      parseSize("memory-reservation", text),
    ),
    ...found(asked(flags, "memory-swap"), "memorySwap", (text) =>
      text === "-1" ? -1 : parseSize("memory-swap", text),
    ),
  };
}

function parseMemoryLimit(text: string): number {
  const bytes = parseSize("memory", text);
  if (bytes < LEAST_MEMORY) {
    throw badValue("memory", text, "a container needs 6m at least", "512m are 512 MiB");
  }
  return bytes;
}

const HIGHEST_SHARES = 262_144;
const HIGHEST_PERIOD_US = 1_000_000;
const LOWEST_PERIOD_US = 1000;

function cpuLimits(flags: LimitFlags) {
  const quota = asked(flags, "cpu-quota");
  return {
    ...found(asked(flags, "cpus"), "cpus", parseCpus),
    ...found(asked(flags, "cpu-shares"), "cpuShares", whole("cpu-shares", [2, HIGHEST_SHARES])),
    ...found(
      asked(flags, "cpu-period"),
      "cpuPeriod",
      whole("cpu-period", [LOWEST_PERIOD_US, HIGHEST_PERIOD_US]),
    ),
    ...found(
      quota === "-1" ? undefined : quota,
      "cpuQuota",
      whole("cpu-quota", [LOWEST_PERIOD_US, Number.MAX_SAFE_INTEGER]),
    ),
    ...found(flags.text("cpuset-cpus"), "cpusetCpus", numberList("cpuset-cpus")),
    ...found(flags.text("cpuset-mems"), "cpusetMems", numberList("cpuset-mems")),
  };
}

function checkCpus(flags: LimitFlags): void {
  const cpus = asked(flags, "cpus");
  const other = (["cpu-quota", "cpu-period"] as const).find(
    (name) => asked(flags, name) !== undefined,
  );
  if (cpus !== undefined && other !== undefined) {
    throw badValue("cpus", cpus, `it does not go with --${other}, which says the same`);
  }
}

function numberList(flag: string) {
  return (text: string): string => {
    if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) {
      throw badValue(flag, text, "it is not a list of numbers such as 0-3,7");
    }
    return text;
  };
}

const THROTTLES: readonly ThrottleKind[] = ["read-bps", "write-bps", "read-iops", "write-iops"];
const HIGHEST_RATE = Number.MAX_SAFE_INTEGER;

function throttlesOf(flags: LimitFlags): Pick<RunLimits, "throttles"> {
  const throttles = THROTTLES.flatMap((kind) =>
    flags.list(`device-${kind}`).map((text) => parseThrottle(kind, text)),
  );
  return throttles.length === 0 ? {} : { throttles };
}

function parseThrottle(kind: ThrottleKind, text: string): RunThrottle {
  const flag = `device-${kind}`;
  const [, path, rate] = /^(\/[^:]*):(.+)$/.exec(text) ?? [];
  if (path === undefined || rate === undefined) {
    throw badValue(flag, text, "it is not of the form DEVICE:RATE");
  }
  const isBytes = kind.endsWith("bps");
  return {
    kind,
    path,
    rate: isBytes ? parseSize(flag, rate) : parseWhole(flag, rate, [1, HIGHEST_RATE]),
  };
}

function weightsOf(flags: LimitFlags): Pick<RunLimits, "weights"> {
  const flag = "blkio-weight-device";
  const weights = flags.list(flag).map((text) => {
    const [, path, weight] = /^(\/[^:]*):(.+)$/.exec(text) ?? [];
    if (path === undefined || weight === undefined) {
      throw badValue(flag, text, "it is not of the form DEVICE:WEIGHT");
    }
    return { path, weight: parseWhole(flag, weight, [10, 1000]) };
  });
  return weights.length === 0 ? {} : { weights };
}

/** What cgroups of version 1 alone have. -1 leaves the swappiness as the host has it. */
function parseFirstVersion(flags: LimitFlags) {
  return {
    ...found(flags.text("memory-swappiness"), "swappiness", (text) => {
      const swappiness = parseWhole("memory-swappiness", text, [-1, 100]);
      return swappiness < 0 ? undefined : swappiness;
    }),
    ...found(flags.text("cpu-rt-period"), "realtimePeriod", (text) =>
      parseWhole("cpu-rt-period", text, [1, HIGHEST_PERIOD_US]),
    ),
    ...found(flags.text("cpu-rt-runtime"), "realtimeRuntime", (text) =>
      parseWhole("cpu-rt-runtime", text, [1, HIGHEST_PERIOD_US]),
    ),
  };
}

/** NAME=SOFT[:HARD]; -1 and "unlimited" are no limit. */
export function parseUlimits(texts: readonly string[]): readonly RunUlimit[] {
  const limits = texts.map(parseUlimit);
  return [...new Map(limits.map((limit) => [limit.name, limit])).values()];
}

function parseUlimit(text: string): RunUlimit {
  const number = String.raw`-1|unlimited|\d{1,15}`;
  const form = new RegExp(`^([a-z]+)=(${number})(?::(${number}))?$`);
  const [, name, soft, hard = soft] = form.exec(text) ?? [];
  if (name === undefined || soft === undefined || hard === undefined) {
    throw badValue("ulimit", text, "it is not of the form NAME=SOFT[:HARD]");
  }
  if (ulimitType(name) === undefined) {
    throw badValue("ulimit", text, `the kernel has no limit ${name}`);
  }
  const limit = { name, soft: ulimitValue(soft), hard: ulimitValue(hard) };
  if (ulimitOrder(limit.soft) > ulimitOrder(limit.hard)) {
    throw badValue("ulimit", text, "the soft limit is above the hard one");
  }
  return limit;
}

function ulimitValue(text: string): number | "unlimited" {
  return text === "-1" || text === "unlimited" ? "unlimited" : Number(text);
}

function ulimitOrder(limit: number | "unlimited"): number {
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : limit;
}

export function parseOomScore(text: string): number {
  return parseWhole("oom-score-adj", text, [-1000, 1000]);
}
