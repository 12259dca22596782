// Lengths of time as Go's programs write them: "1m30s", "1.5h", "500ms". No I/O.

const UNITS_IN_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d{1,15}(?:\.\d{1,15})?|\.\d{1,15})(ns|us|µs|ms|s|m|h)/gy;

/** Milliseconds; undefined: it is none, or negative. */
export function parseDuration(text: string): number | undefined {
  if (text === "0") {
    return 0;
  }
  let total = 0;
  let end = 0;
  for (const match of text.matchAll(PART)) {
    total += Number(match[1]) * (UNITS_IN_MS[match[2] ?? ""] ?? Number.NaN);
    end = match.index + match[0].length;
  }
  return end === 0 || end !== text.length ? undefined : total;
}
