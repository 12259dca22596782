import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setAside } from "./set-aside.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-aside-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a tree gives up its place and its content, but not what others share with it", async () => {
  const shared = join(folder, "shared");
  writeFileSync(shared, "of others");
  const tree = join(folder, "store");
  for (const round of [1, 2]) {
    mkdirSync(join(tree, "inner"), { recursive: true });
    writeFileSync(join(tree, "inner/own"), "content");
    linkSync(shared, join(tree, "inner/shared"));
    await setAside(folder, tree);
    expect(existsSync(tree)).toBe(false);
    expect(readdirSync(join(folder, "aside"))).toHaveLength(round);
  }
  for (const place of readdirSync(join(folder, "aside"))) {
    expect(statSync(join(folder, "aside", place, "tree/inner/own")).size).toBe(0);
  }
  expect(readFileSync(shared, "utf8")).toBe("of others");
});

test("of nothing, nothing is kept", async () => {
  await setAside(folder, join(folder, "store"));
  expect(readdirSync(folder)).toEqual([]);
});
