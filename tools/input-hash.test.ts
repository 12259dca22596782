import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashInputs, type Inputs, listInputs } from "./input-hash.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-inputs-"));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "src/b.ts"), "b");
  writeFileSync(join(folder, "src/a.ts"), "a");
  writeFileSync(join(folder, "src/a.test.ts"), "test");
});

afterEach(() => rmSync(folder, { recursive: true }));

const INPUTS: Inputs = {
  globs: ["src/**/*.ts", "src/a.ts"],
  isExcluded: (path) => path.endsWith(".test.ts"),
  facts: ["1.0"],
};

test("inputs are listed once, in order", () => {
  expect(listInputs(INPUTS, folder)).toEqual(["src/a.ts", "src/b.ts"]);
});

test("the hash is that of names, contents and facts, and of nothing else", async () => {
  const first = await hashInputs(INPUTS, folder);
  writeFileSync(join(folder, "src/a.test.ts"), "changed");
  expect(await hashInputs(INPUTS, folder)).toBe(first);
  expect(await hashInputs({ ...INPUTS, facts: ["1.1"] }, folder)).not.toBe(first);

  writeFileSync(join(folder, "src/a.ts"), "changed");
  const second = await hashInputs(INPUTS, folder);
  expect(second).not.toBe(first);

  renameSync(join(folder, "src/a.ts"), join(folder, "src/c.ts"));
  expect(await hashInputs(INPUTS, folder)).not.toBe(second);
});

test("content that moves from one file to the next is a change", async () => {
  const first = await hashInputs(INPUTS, folder);
  writeFileSync(join(folder, "src/a.ts"), "ab");
  writeFileSync(join(folder, "src/b.ts"), "");
  expect(await hashInputs(INPUTS, folder)).not.toBe(first);
});
