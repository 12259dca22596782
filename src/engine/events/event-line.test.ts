import { expect, test } from "bun:test";
import { type EngineEvent, encodeEvent, LINE_BYTES, parseEvent } from "./event-line.ts";

const TIME = "2026-11-29T18:24:57.123456789Z";

const START: EngineEvent = {
  type: "container",
  action: "start",
  id: "4f2c",
  name: "web",
  attributes: { image: "busybox", tier: "front\nend" },
};

function lineOf(event: EngineEvent): string {
  return new TextDecoder().decode(encodeEvent(event, TIME));
}

test("an event is one line between two ends of line, and comes back as it was", () => {
  const line = lineOf({ ...START, once: "start 4f2c" });
  expect(line.startsWith("\n{")).toBe(true);
  expect(line.slice(1).indexOf("\n")).toBe(line.length - 2);
  expect(parseEvent(line.trim())).toEqual({ ...START, time: TIME, once: "start 4f2c" });
});

test("what is too long loses its labels, then its length", () => {
  const labels = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`label-${index}`, "\u0001".repeat(50)]),
  );
  const long = encodeEvent({ ...START, attributes: { exitCode: "3", ...labels } }, TIME);
  expect(long.length).toBeLessThanOrEqual(LINE_BYTES);
  const kept = parseEvent(new TextDecoder().decode(long).trim());
  expect(kept).toMatchObject({ action: "start", id: "4f2c", attributes: { exitCode: "3" } });

  const texts = { action: "\0".repeat(5000), id: "\0".repeat(5000), name: "\0".repeat(5000) };
  const longer = encodeEvent({ ...START, ...texts, attributes: { image: "x".repeat(9000) } }, TIME);
  expect(longer.length).toBeLessThanOrEqual(LINE_BYTES);
  expect(parseEvent(new TextDecoder().decode(longer).trim())?.name).toBe("\0".repeat(128));
});

test("what is cut off anywhere is no event", () => {
  const line = lineOf(START).trim();
  for (let length = 0; length < line.length; length++) {
    expect(parseEvent(line.slice(0, length))).toBeUndefined();
  }
});

test("other versions, other types and other JSON are no events", () => {
  for (const text of ["null", "[]", "3", '{"version":2,"type":"container"}', '{"version":1}']) {
    expect(parseEvent(text)).toBeUndefined();
  }
});
