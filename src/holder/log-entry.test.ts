import { describe, expect, test } from "bun:test";
import { type LogEntry, LogReader, parseLogEntry } from "./log-entry.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const told = ({ content, ...entry }: LogEntry) => ({
  ...entry,
  content: new TextDecoder().decode(content),
});

const LOG = [
  "2026-11-29T15:04:05.000000042Z stdout P a line that ",
  "2026-11-29T15:04:05.000000043Z stderr F ",
  "2026-11-29T15:04:05.000000044Z stdout F goes on: é F stdout",
  "",
].join("\n");

const ENTRIES = [
  {
    time: "2026-11-29T15:04:05.000000042Z",
    stream: 1 as const,
    endsLine: false,
    content: "a line that ",
  },
  { time: "2026-11-29T15:04:05.000000043Z", stream: 2 as const, endsLine: true, content: "" },
  {
    time: "2026-11-29T15:04:05.000000044Z",
    stream: 1 as const,
    endsLine: true,
    content: "goes on: é F stdout",
  },
];

describe("entries", () => {
  test("of a whole log", () => {
    expect(new LogReader().push(encode(LOG)).map(told)).toEqual(ENTRIES);
  });

  test("of a log in two pieces, cut at every byte", () => {
    const bytes = encode(LOG);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new LogReader();
      const entries = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))];
      expect(entries.map(told)).toEqual(ENTRIES);
    }
  });

  test.each([
    "",
    "2026-11-29T15:04:05.000000042Z",
    "2026-11-29T15:04:05.000000042Z stdout",
    "2026-11-29T15:04:05.000000042Z stdout X text",
    "2026-11-29T15:04:05.000000042Z stdin  F text",
    "2026-11-29T15:04:05.00000004Z stdout F text",
    "2026-11-29T15:04:05.000000042+ stdout F text",
  ])("%p is none", (text) => {
    expect(() => parseLogEntry(encode(text))).toThrow("does not begin an entry");
  });
});
