import { expect, test } from "bun:test";
import { firstDifference } from "./dependencies.mjs";

const LOCK = {
  "": { version: "0.1.0" },
  "node_modules/bun": { version: "1.4.5", integrity: "sha512-a" },
  "node_modules/@oven/bun-linux-x64": { version: "1.4.5", integrity: "sha512-b", optional: true },
};
const INSTALLED = { "node_modules/bun": { version: "1.4.5", integrity: "sha512-a" } };
const everything = () => true;

test("an installation without the packages of other systems is complete", () => {
  expect(firstDifference(LOCK, INSTALLED, everything)).toBeUndefined();
});

test.each([
  ["no installation", undefined, "missing or incomplete"],
  ["a missing package", {}, '"node_modules/bun" is not at 1.4.5'],
  [
    "another version",
    { "node_modules/bun": { version: "1.4.4", integrity: "sha512-a" } },
    "is not at 1.4.5",
  ],
  [
    "other content",
    { "node_modules/bun": { version: "1.4.5", integrity: "sha512-z" } },
    "is not at 1.4.5",
  ],
  [
    "a package too many",
    { ...INSTALLED, "node_modules/left": { version: "1.0.0" } },
    '"node_modules/left" is not in package-lock.json',
  ],
])("%s differs", (_what, installed, difference) => {
  expect(firstDifference(LOCK, installed, everything)).toContain(difference);
});

test("a package whose folder has been deleted differs", () => {
  const difference = firstDifference(LOCK, INSTALLED, (path) => path !== "node_modules/bun");
  expect(difference).toBe('"node_modules/bun" has been deleted');
});
