// A moment as users of docker write it: a time, seconds since 1970, or a duration that has passed.

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
/** A date, or a time of the host's zone or of a named one. */
const TIME = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/** Milliseconds since 1970: of "24h", "1h30m", "2026-11-29", "2026-11-29T15:04:05Z", "1700000000". */
export function parseMoment(text: string, nowMs: number): number | undefined {
  if (DURATION.test(text)) {
    const parts = [...text.matchAll(PART)];
    return parts.reduce(
      (ms, [, amount = "", unit = ""]) => ms - Number(amount) * (UNITS_MS[unit] ?? 0),
      nowMs,
    );
  }
  if (/^\d{1,12}(?:\.\d+)?$/.test(text)) {
    return Number(text) * 1000;
  }
  const hasTime = text.includes("T");
  const ms = TIME.test(text) ? Date.parse(hasTime ? text : `${text}T00:00`) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
