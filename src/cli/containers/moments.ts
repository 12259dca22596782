// Moments as people give them: "2026-11-29T15:04:05Z", "1764428645.5", "10m" (ago). Without an offset, of a mere day too,
// they are of the local time.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";

export const PERIOD_FLAGS = {
  since: { kind: "text", value: "TIME", help: "RFC 3339, seconds since 1970, or an age: 10m, 2h" },
  until: { kind: "text", value: "TIME", help: "the same: end there" },
} as const satisfies FlagTable;

export interface Period {
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export function parsePeriod(flags: FlagsOf<typeof PERIOD_FLAGS>): Period {
  const nowMs = Date.now();
  const since = flags.text("since");
  const until = flags.text("until");
  const sinceMs = since === undefined ? undefined : parseMoment(since, nowMs);
  const untilMs = until === undefined ? undefined : parseMoment(until, nowMs);
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs > untilMs) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--since ${quote(since ?? "")} with --until ${quote(until ?? "")}`,
      reason: "it would begin after its end",
    });
  }
  return {
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** In milliseconds since 1970. */
export function parseMoment(text: string, nowMs: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) {
    return Number(text) * 1000;
  }
  if (/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) {
    return nowMs - ageOf(text);
  }
  const moment = Date.parse(/^\d{4}-/.test(text) ? withTime(text) : "");
  if (Number.isNaN(moment)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the time ${quote(text)}`,
      reason: "it is neither RFC 3339, nor seconds since 1970, nor an age such as 1h30m",
    });
  }
  return moment;
}

/** A day alone would be one of UTC, and an hour alone no time at all. */
function withTime(text: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) {
    return `${text}T00:00:00`;
  }
  return /T\d\d$/.test(text) ? `${text}:00:00` : text;
}

function ageOf(text: string): number {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)]
    .map(([, count, unit]) => Number(count) * (UNITS_MS[unit ?? ""] ?? 0))
    .reduce((sum, each) => sum + each, 0);
}
