import { expect, test } from "bun:test";
import { cleanPath, isCleanName, joinPath, parentPath, relativePath } from "./path-names.ts";

test("a path can never climb out of what it is joined to", () => {
  for (const [path, clean] of [
    ["/a/./b//c/", "/a/b/c"],
    ["../../etc", "etc"],
    ["/../../etc", "/etc"],
    ["a/../../../b", "b"],
    ["..", ""],
    ["/..", "/"],
    ["", ""],
  ] as const) {
    expect(cleanPath(path)).toBe(clean);
  }
  expect(joinPath("/sys/fs/cgroup", "/a")).toBe("/sys/fs/cgroup/a");
});

test("parents and relative paths", () => {
  expect([parentPath("/a/b"), parentPath("/a"), parentPath("/")]).toEqual(["/a", "/", "/"]);
  expect(relativePath("/", "/a/b")).toBe("a/b");
  expect(relativePath("/a", "/a/b")).toBe("b");
  expect(relativePath("/a", "/a")).toBe("");
  expect(relativePath("/a", "/ab")).toBeUndefined();
  expect(relativePath("/", "/../x")).toBeUndefined();
  expect([isCleanName("a"), isCleanName(".."), isCleanName("a/b")]).toEqual([true, false, false]);
});
