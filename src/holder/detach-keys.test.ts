import { describe, expect, test } from "bun:test";
import { DEFAULT_DETACH_KEYS, DetachKeys, parseDetachKeys } from "./detach-keys.ts";

/** Types each of `pieces`; returns what goes on, and whether it detached. */
function type(keys: readonly number[], ...pieces: string[]): [sent: string, detached: boolean] {
  const scanner = new DetachKeys(keys);
  let sent = "";
  for (const piece of pieces) {
    const { content, detached } = scanner.scan(new TextEncoder().encode(piece));
    sent += new TextDecoder().decode(content);
    if (detached) {
      return [sent, true];
    }
  }
  return [sent, false];
}

describe("the default keys", () => {
  const table: readonly [string, readonly string[], [string, boolean]][] = [
    ["nothing special", ["ls\r"], ["ls\r", false]],
    ["the sequence", ["ab\x10\x11cd"], ["ab", true]],
    ["the sequence in pieces", ["a\x10", "\x11"], ["a", true]],
    ["the first key is held back", ["a\x10"], ["a", false]],
    ["until another follows", ["a\x10", "b"], ["a\x10b", false]],
    ["the first key twice", ["\x10\x10", "\x11"], ["\x10", true]],
    ["the second key alone", ["\x11"], ["\x11", false]],
  ];
  test.each(table)("%s", (_, pieces, wanted) => {
    expect(type(DEFAULT_DETACH_KEYS, ...pieces)).toEqual(wanted);
  });
});

test("a sequence that repeats its own beginning", () => {
  const keys = parseDetachKeys("a,a,b");
  expect(type(keys, "aaab")).toEqual(["a", true]);
  expect(type(keys, "aacaab")).toEqual(["aac", true]);
});

test("no keys never detach", () => {
  expect(type(parseDetachKeys(""), "\x10\x11")).toEqual(["\x10\x11", false]);
});

describe("parsing", () => {
  test("letters and control characters", () => {
    expect(parseDetachKeys("ctrl-p,ctrl-q")).toEqual([0x10, 0x11]);
    expect(parseDetachKeys("ctrl-@,x,ctrl-[,ctrl-_")).toEqual([0, 0x78, 0x1b, 0x1f]);
  });

  test.each(["ctrl-", "ctrl-1", "ctrl-P", "ab", "a,", " "])("refuses %p", (text) => {
    expect(() => parseDetachKeys(text)).toThrow("parse the detach key");
  });
});
