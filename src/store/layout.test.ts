import { afterEach, beforeEach, expect, test } from "bun:test";
import {
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
import { Store } from "./layout.ts";
import { defaultStoreRoot } from "./root.ts";

const FOLDERS = ["blobs", "images", "layers", "staging"];
const FILES = ["index.json", "oci-layout", "version"];
const EMPTY_INDEX = {
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: [],
};

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-store-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function checkStore(root: string, more: readonly string[] = []): void {
  expect(readdirSync(root).sort()).toEqual([...FOLDERS, ...FILES, ...more].sort());
  expect(readdirSync(join(root, "blobs")).sort()).toEqual(["sha256", "sha512"]);
  expect(readdirSync(join(root, "staging"))).toEqual([]);
  expect(readFileSync(join(root, "version"), "utf8")).toBe("2\n");
  expect(JSON.parse(readFileSync(join(root, "oci-layout"), "utf8"))).toEqual({
    imageLayoutVersion: "1.0.0",
  });
  expect(JSON.parse(readFileSync(join(root, "index.json"), "utf8"))).toEqual(EMPTY_INDEX);
}

test("a store is made once, private, an image layout, and says its version", () => {
  const root = join(folder, "deep", "store");
  for (let round = 0; round < 2; round += 1) {
    using store = new Store(root);
    expect(store.root).toBe(root);
    checkStore(root);
  }
  expect(statSync(root).mode & 0o777).toBe(0o700);
  for (const name of FILES) {
    expect(statSync(join(root, name)).mode & 0o777).toBe(0o644);
  }
  writeFileSync(join(root, "version"), "3\n");
  expect(() => new Store(root)).toThrow('it has version "3", this program writes "2"');
});

test("a store of version 1 becomes one of version 2, with what is in it", () => {
  for (const name of ["layers", "images", "staging", "containers"]) {
    mkdirSync(join(folder, name));
  }
  mkdirSync(join(folder, "layers", "sha256-1", "fs"), { recursive: true });
  writeFileSync(join(folder, "images", "a.json"), "{}");
  writeFileSync(join(folder, "version"), "1\n");
  new Store(folder)[Symbol.dispose]();
  checkStore(folder, ["containers"]);
  expect(readdirSync(join(folder, "layers", "sha256-1"))).toEqual(["fs"]);
  expect(readFileSync(join(folder, "images", "a.json"), "utf8")).toBe("{}");
});

test("a store whose making was interrupted is completed; what is in index.json stays", () => {
  const index = JSON.stringify({ ...EMPTY_INDEX, annotations: { kept: "yes" } });
  mkdirSync(join(folder, "blobs"));
  writeFileSync(join(folder, "index.json"), index);
  writeFileSync(join(folder, "version"), "");
  new Store(folder)[Symbol.dispose]();
  expect(readFileSync(join(folder, "index.json"), "utf8")).toBe(index);
  expect(readFileSync(join(folder, "version"), "utf8")).toBe("2\n");
  expect(readdirSync(join(folder, "blobs")).sort()).toEqual(["sha256", "sha512"]);
});

test("an index.json that was lost is not replaced by one that names nothing", () => {
  new Store(folder)[Symbol.dispose]();
  rmSync(join(folder, "index.json"));
  new Store(folder)[Symbol.dispose]();
  expect(readdirSync(folder)).not.toContain("index.json");
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
