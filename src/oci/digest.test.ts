import { expect, test } from "bun:test";
import { algorithmOf, digestProblem, hexOf, isDigest, parseDigest } from "./digest.ts";

const HEX_64 = "0123456789abcdef".repeat(4);
const HEX_128 = HEX_64.repeat(2);

test("the two algorithms", () => {
  const sha256 = parseDigest(`sha256:${HEX_64}`);
  expect(algorithmOf(sha256)).toBe("sha256");
  expect(hexOf(sha256)).toBe(HEX_64);
  const sha512 = parseDigest(`sha512:${HEX_128}`);
  expect(algorithmOf(sha512)).toBe("sha512");
  expect(hexOf(sha512)).toBe(HEX_128);
});

test.each([
  [HEX_64, "not of the form algorithm:hex"],
  [`md5:${HEX_64}`, "the algorithm is none of sha256, sha512"],
  [`SHA256:${HEX_64}`, "the algorithm is none of sha256, sha512"],
  ["sha256:", "what follows the colon is not 64 hexadecimal digits in lower case"],
  [`sha256:${HEX_64}0`, "what follows the colon is not 64 hexadecimal digits in lower case"],
  [
    `sha256:${HEX_64.toUpperCase()}`,
    "what follows the colon is not 64 hexadecimal digits in lower case",
  ],
  [
    `sha256:${"../".repeat(21)}a`,
    "what follows the colon is not 64 hexadecimal digits in lower case",
  ],
  [`sha512:${HEX_64}`, "what follows the colon is not 128 hexadecimal digits in lower case"],
  [
    `sha256:${HEX_64.slice(1)}\n`,
    "what follows the colon is not 64 hexadecimal digits in lower case",
  ],
])("%j is none", (text, problem) => {
  expect(digestProblem(text)).toBe(problem);
  expect(isDigest(text)).toBeFalse();
  expect(() => parseDigest(text)).toThrow(problem);
});
