// How long ago something was, as docker writes it: "3 weeks ago".

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_HOURS = 24;
const WEEK_HOURS = 7 * DAY_HOURS;
const MONTH_HOURS = 30 * DAY_HOURS;
const YEAR_HOURS = 365 * DAY_HOURS;

/** `ms` milliseconds: "About a minute". */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  const minutes = Math.floor(ms / MINUTE_MS);
  const hours = Math.floor(ms / HOUR_MS + 0.5);
  if (seconds < 60) {
    return seconds < 1 ? "Less than a second" : counted(seconds, "second");
  }
  if (minutes < 60) {
    return minutes === 1 ? "About a minute" : counted(minutes, "minute");
  }
  if (hours < 2 * DAY_HOURS) {
    return hours === 1 ? "About an hour" : counted(hours, "hour");
  }
  if (hours < 2 * WEEK_HOURS) {
    return counted(Math.floor(hours / DAY_HOURS), "day");
  }
  if (hours < 2 * MONTH_HOURS) {
    return counted(Math.floor(hours / WEEK_HOURS), "week");
  }
  return hours < 2 * YEAR_HOURS
    ? counted(Math.floor(hours / MONTH_HOURS), "month")
    : counted(Math.floor(ms / HOUR_MS / YEAR_HOURS), "year");
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

export function relativeAge(thenMs: number, nowMs: number): string {
  return `${humanDuration(Math.max(nowMs - thenMs, 0))} ago`;
}

/** Go's time.String as docker shows CreatedAt: "2026-11-29 15:04:05 +0000 UTC". */
export function absoluteTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} +0000 UTC`;
}

/** "2026-11-29T15:04:05Z". */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
