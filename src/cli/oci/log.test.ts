import { expect, test } from "bun:test";
import { formatRecord } from "./log.ts";

const TIME = new Date("2026-01-02T03:04:05.678Z");

test("a record of JSON is one line, whatever the message has", () => {
  const record = formatRecord("json", 'two\nlines "quoted"', TIME);
  expect(record).toBe(
    '{"level":"error","msg":"two\\nlines \\"quoted\\"","time":"2026-01-02T03:04:05Z"}\n',
  );
  expect(JSON.parse(record).msg).toBe('two\nlines "quoted"');
});

test("a record of text is logrus's line", () => {
  expect(formatRecord("text", 'no "x"', TIME)).toBe(
    'time="2026-01-02T03:04:05Z" level=error msg="no \\"x\\""\n',
  );
});

test("a warning is told by its level", () => {
  expect(formatRecord("text", "ignored", TIME, "warning")).toBe(
    'time="2026-01-02T03:04:05Z" level=warning msg="ignored"\n',
  );
});
