import { expect, test } from "bun:test";
import { diffTexts } from "./diff-texts.ts";

const lines = (text: string) =>
  text
    .split(" ")
    .map((word) => `${word}\n`)
    .join("");

test("equal texts have no difference", () => {
  expect(diffTexts("", "")).toBe("");
  expect(diffTexts("a\nb\n", "a\nb\n")).toBe("");
});

test("shows what went and what came, with a line around", () => {
  expect(diffTexts(lines("a b c d e f g"), lines("a b x d e f g"))).toBe(
    "...\n b\n-c\n+x\n d\n...\n",
  );
  expect(diffTexts(lines("a b c d e"), lines("b c c d e y"))).toBe("-a\n b\n c\n+c\n d\n e\n+y\n");
  expect(diffTexts("", "a\n")).toBe("+a\n");
  expect(diffTexts("a\n", "")).toBe("-a\n");
});

test("takes lines with the same key for the same", () => {
  const keyOf = (line: string) => line.replace(/\d/, "");
  expect(diffTexts("a0\nb1\nc2\n", "a0\nc1\n", keyOf)).toBe(" a0\n-b1\n c1\n");
});

test("applied to the one text, is the other", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
  for (let round = 0; round < 200; round++) {
    const text = () => Array.from({ length: random(9) }, () => `${random(3)}\n`).join("");
    const [before, after] = [text(), text()];
    const difference = diffTexts(before, after);
    const marked = difference.split("\n").filter((line) => line !== "");
    const count = (sign: string) => marked.filter((line) => line.startsWith(sign)).length;
    const size = (whole: string) => whole.split("\n").length;
    expect(count("+") - count("-")).toBe(size(after) - size(before));
    expect(difference === "").toBe(before === after);
  }
});
