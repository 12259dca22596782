import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MergedView } from "../merged-view.ts";
import { findSource, findTarget, findTargetFolder } from "./copy-target.ts";

const root = mkdtempSync(join(tmpdir(), "copy-target-"));
mkdirSync(join(root, "real/inner"), { recursive: true });
writeFileSync(join(root, "real/file"), "x");
symlinkSync("/real", join(root, "link"));
symlinkSync("../../../../real/file", join(root, "climbing"));

afterAll(() => rmSync(root, { recursive: true }));

function target(path: string, source: string) {
  using view = new MergedView([root]);
  return findTarget(view, path, { path: source, entry: findSource(view, source, true) });
}

function sourceAt(path: string, followLink: boolean): string {
  using view = new MergedView([root]);
  return findSource(view, path, followLink).path;
}

function targetFolder(path: string) {
  using view = new MergedView([root]);
  return findTargetFolder(view, path);
}

describe("a source", () => {
  test.each<[string, boolean, string]>([
    ["/real/file", false, "real/file"],
    ["real/inner/..", false, "real"],
    ["/link", false, "link"],
    ["/link", true, "real"],
    ["/link/", false, "real"],
    ["/link/.", false, "real"],
    ["/climbing", true, "real/file"],
    ["/", false, ""],
  ])("%s, %p", (path, followLink, found) => {
    expect(sourceAt(path, followLink)).toBe(found);
  });

  test("what is not there, or no folder", () => {
    expect(() => sourceAt("/none", false)).toThrow("no such file or directory");
    expect(() => sourceAt("/real/file/", false)).toThrow("not a directory");
  });
});

describe("a target", () => {
  test.each<[string, string, string, string]>([
    ["/link", "/real/file", "real", "file"],
    ["/real", "/real/inner", "real", "inner"],
    ["/real/", "/real/inner/", "real", "inner"],
    ["/real", "/real/inner/.", "real", ""],
    ["/real", "/", "real", ""],
    ["/climbing", "/real/file", "real", "file"],
    ["/link/new", "/real/file", "real", "new"],
    ["/new", "/real/inner", "", "new"],
    ["/new/", "/real/inner/.", "", "new"],
  ])("%s, of %s", (path, source, folder, name) => {
    expect(target(path, source)).toEqual({ folder, name });
  });

  test.each<[string, string, string]>([
    ["/real/file", "/real/inner", "not a directory"],
    ["/real/file/", "/real/file", "not a directory"],
    ["/new/", "/real/file", "no such file or directory"],
    ["/none/new", "/real/file", "no such file or directory"],
    ["/real/file/new", "/real/file", "no"],
  ])("%s, of %s, is refused", (path, source, message) => {
    expect(() => target(path, source)).toThrow(message);
  });

  test("of an archive is a folder", () => {
    expect(targetFolder("/link")).toEqual({ folder: "real", name: "" });
    expect(() => targetFolder("/real/file")).toThrow("not a directory");
    expect(() => targetFolder("/none")).toThrow("no such file");
  });
});
