import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Scratch } from "./scratch.ts";

let scratch: Scratch;

beforeEach(() => {
  scratch = new Scratch();
});

afterEach(() => scratch.remove());

test("a new one has nothing in it, and goes", () => {
  expect(scratch.leftovers()).toEqual([]);
  scratch.remove();
  expect(existsSync(scratch.path)).toBe(false);
});

test("what is left is named, and goes too", () => {
  mkdirSync(join(scratch.path, "folder/below"), { recursive: true });
  writeFileSync(join(scratch.path, "a-file"), "");
  expect(scratch.leftovers()).toEqual(["a-file", "folder"]);
  scratch.remove();
  expect(existsSync(scratch.path)).toBe(false);
});

test.skipIf(process.getuid?.() !== 0)("a mount goes, what it shows stays (needs root)", () => {
  const other = new Scratch();
  try {
    writeFileSync(join(other.path, "precious"), "");
    mkdirSync(join(scratch.path, "view"));
    const mount = Bun.spawnSync(["mount", "--bind", other.path, join(scratch.path, "view")]);
    expect(mount.exitCode).toBe(0);
    expect(scratch.leftovers()).toEqual(["view", "view (a mount)"]);
    scratch.remove();
    expect(existsSync(scratch.path)).toBe(false);
    expect(existsSync(join(other.path, "precious"))).toBe(true);
  } finally {
    other.remove();
  }
});
