import { expect, test } from "bun:test";
import { parseMoment, parsePeriod } from "./moments.ts";

const NOW_MS = Date.UTC(2026, 10, 29, 15);

test.each<[string, number]>([
  ["2026-11-29T14:00:00Z", Date.UTC(2026, 10, 29, 14)],
  ["2026-11-29T14:00:00+02:00", Date.UTC(2026, 10, 29, 12)],
  ["2026-11-29T14:00:00", new Date(2026, 10, 29, 14).getTime()],
  ["2026-11-29T14:05", new Date(2026, 10, 29, 14, 5).getTime()],
  ["2026-11-29T14", new Date(2026, 10, 29, 14).getTime()],
  ["2026-11-29", new Date(2026, 10, 29).getTime()],
  ["1764428645.5", 1_764_428_645_500],
  ["1h30m", NOW_MS - 5_400_000],
  ["0", 0],
])("%s", (text, moment) => {
  expect(parseMoment(text, NOW_MS)).toBe(moment);
});

test("a day is one of the local time, as docker has it", () => {
  const script = `import { parseMoment } from "${import.meta.dir}/moments.ts";
console.log(parseMoment("2026-11-29", 0));`;
  const child = Bun.spawnSync([process.execPath, "-e", script], {
    env: { ...process.env, TZ: "Asia/Tokyo" },
  });
  expect(Number(child.stdout.toString())).toBe(Date.UTC(2026, 10, 28, 15));
});

test.each(["now", "", "2026-99-99", "5 minutes"])("%p is refused", (text) => {
  expect(() => parseMoment(text, NOW_MS)).toThrow("it is neither RFC 3339");
});

test("a period that would end before it begins", () => {
  const period = (since: string, until: string) => {
    const given = new Map([
      ["since", since],
      ["until", until],
    ]);
    const flags = { text: (name: string) => given.get(name) };
    return parsePeriod(flags as Parameters<typeof parsePeriod>[0]);
  };
  expect(() => period("1m", "5m")).toThrow('use --since "1m" with --until "5m": it would begin');
  expect(period("5m", "5m").sinceMs).toBeDefined();
});
