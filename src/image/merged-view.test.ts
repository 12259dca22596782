import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenWatch } from "../../test/fixtures/open-watch.ts";
import { type MergedEntry, MergedView } from "./merged-view.ts";

let folder = "";
let root = "";
let host = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-view-"));
  root = join(folder, "root");
  host = join(folder, "host");
  mkdirSync(join(root, "a"), { recursive: true });
  mkdirSync(host);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function found(view: MergedView, path: string): MergedEntry {
  const entry = view.find(path);
  if (entry === undefined) {
    throw new Error(`${path} is not there`);
  }
  return entry;
}

test("nothing of the host shows where a directory becomes a link to it meanwhile", () => {
  symlinkSync("inside", join(root, "a", "link"));
  writeFileSync(join(root, "a", "file"), "inside");
  symlinkSync("secret", join(host, "link"));
  writeFileSync(join(host, "file"), "of the host");
  writeFileSync(join(host, "other"), "of the host");
  using view = new MergedView([root]);
  const link = found(view, "a/link");
  const file = found(view, "a/file");
  expect(view.readLink(link)).toBe("inside");
  renameSync(join(root, "a"), join(root, "b"));
  symlinkSync(host, join(root, "a"));
  expect(() => view.readLink(link)).toThrow("no such file or directory");
  expect(view.open(file)).toBeUndefined();
  expect(["a/link", "a/file", "a/other"].map((path) => view.entryAt(path))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test.each(["fifo", "directory"] as const)(
  "what was a file and is a %s by now is not opened",
  (kind) => {
    const path = join(root, "a", "file");
    writeFileSync(path, "inside");
    using view = new MergedView([root]);
    const file = found(view, "a/file");
    rmSync(path);
    Bun.spawnSync([kind === "fifo" ? "mkfifo" : "mkdir", path]);
    using watch = new OpenWatch(path);
    expect(view.open(file)).toBeUndefined();
    expect(watch.isOpened()).toBe(false);
  },
);
