import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "./layout.ts";
import { defaultStoreRoot } from "./root.ts";

test("a store is made once, private, and says its version", () => {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-store-"));
  const root = join(folder, "deep", "store");
  for (let round = 0; round < 2; round += 1) {
    using store = new Store(root);
    expect(store.root).toBe(root);
    expect(readdirSync(root).sort()).toEqual(["images", "layers", "staging", "version"]);
  }
  expect(readFileSync(join(root, "version"), "utf8")).toBe("1\n");
  expect(statSync(root).mode & 0o777).toBe(0o700);
  writeFileSync(join(root, "version"), "2\n");
  expect(() => new Store(root)).toThrow('it has version "2", this program writes "1"');
  writeFileSync(join(root, "version"), "");
  new Store(root)[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

test.each([
  [{ effectiveUid: 0, HOME: "/root", XDG_DATA_HOME: "/x" }, "/var/lib/ocicat"],
  [{ effectiveUid: 1000, HOME: "/home/a", XDG_DATA_HOME: "/x" }, "/x/ocicat"],
  [
    { effectiveUid: 1000, HOME: "/home/a", XDG_DATA_HOME: "relative" },
    "/home/a/.local/share/ocicat",
  ],
  [{ effectiveUid: 1000, HOME: "/home/a" }, "/home/a/.local/share/ocicat"],
])("the default root: %p", (environment, expected) => {
  expect(defaultStoreRoot(environment)).toBe(expected);
});

test("no home, no default root", () => {
  expect(() => defaultStoreRoot({ effectiveUid: 1000, HOME: "" })).toThrow(
    "find the store: neither XDG_DATA_HOME nor HOME is an absolute path",
  );
});
