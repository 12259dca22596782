import { expect, test } from "bun:test";
import { Notes } from "./notes.ts";

test("reasons are counted", () => {
  const notes = new Notes();
  notes.add("a");
  notes.add("b");
  notes.add("a");
  expect(notes.sentences()).toEqual(["2 entries: a", "1 entry: b"]);
});

test("an archive cannot make them many or long", () => {
  const notes = new Notes();
  for (let index = 0; index < 1000; index += 1) {
    notes.add(`reason ${index} ${"x".repeat(100_000)}`);
  }
  notes.add("further");
  const sentences = notes.sentences();
  expect(sentences).toHaveLength(51);
  expect(sentences.join("").length).toBeLessThan(20_000);
  expect(sentences.at(-1)).toBe("951 entries: further reasons, not listed");
});
