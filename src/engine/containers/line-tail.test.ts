import { expect, test } from "bun:test";
import { LineTail } from "./line-tail.ts";

const entry = (text: string, endsLine = true) => ({
  time: "2026-11-29T15:04:05.000000042Z",
  stream: 1 as const,
  endsLine,
  content: new TextEncoder().encode(text),
});

function shown(tail: LineTail): string[] {
  const texts: string[] = [];
  tail.forEach(({ content }) => {
    texts.push(new TextDecoder().decode(content));
  });
  return texts;
}

test("the last lines, of which one that goes on is one", () => {
  const tail = new LineTail(2);
  for (const text of ["one", "two", "three"]) {
    tail.add(entry(text));
  }
  expect(shown(tail)).toEqual(["two", "three"]);
  tail.add(entry("begins", false));
  expect(shown(tail)).toEqual(["three", "begins"]);
  tail.add(entry(" and ends"));
  expect(shown(tail)).toEqual(["three", "begins", " and ends"]);
});

test("of thousands of lines", () => {
  const tail = new LineTail(3);
  for (let number = 0; number < 10_000; number += 1) {
    tail.add(entry(String(number)));
  }
  expect(shown(tail)).toEqual(["9997", "9998", "9999"]);
  const none = new LineTail(0);
  none.add(entry("one"));
  expect(shown(none)).toEqual([]);
});

test("a line that never ends is not kept as a whole", () => {
  const tail = new LineTail(1, 10_000);
  for (let number = 0; number < 1000; number += 1) {
    tail.add(entry(`${number},`, false));
  }
  const texts = shown(tail);
  expect(texts.at(-1)).toBe("999,");
  expect(texts.length).toBeWithin(20, 40);
});
