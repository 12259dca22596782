// What an image's tree costs is the archive's choice only within limits. What it looks like is tested in
// test/hostile/layer-formats.test.ts.

import { describe, expect, test } from "bun:test";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { TarEntry } from "../tar/entry.ts";
import { DEFAULT_UNPACK_LIMITS } from "../unpack/limits.ts";
import { ImageTree } from "./image-tree.ts";
import { numberInodes } from "./number-inodes.ts";
import { placeInodes } from "./place-inodes.ts";

const ENTRY: TarEntry = {
  kind: "file",
  path: "f",
  linkTarget: "",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  sparse: false,
  modified: { seconds: 0, nanoseconds: 0 },
  device: { major: 0, minor: 0 },
  xattrs: new Map(),
  offset: 0,
};
const STORED = { offset: 512, segments: undefined };

function tree(): ImageTree {
  return new ImageTree(DEFAULT_UNPACK_LIMITS);
}

describe("an image's tree", () => {
  test("does not grow without end by attributes", () => {
    const image = tree();
    const xattrs = new Map([["user.a", new Uint8Array(65_000)]]);
    const add = (): void => {
      for (let index = 0; index < 20_000; index += 1) {
        image.begin({ ...ENTRY, path: `f${index % 10}`, xattrs }, STORED);
      }
    };
    expect(add).toThrow("its names and attributes have more than 1073741824 bytes");
  });

  test("has indexes of sparse files that stay small in all", () => {
    const image = tree();
    const segments = Array.from({ length: 64 }, (_, index) => ({
      offset: (2 * index + 1) * 512 + index * 2 ** 24,
      length: 512,
    }));
    for (let index = 0; index < 200; index += 1) {
      const entry = { ...ENTRY, path: `f${index}`, size: 2 ** 30, sparse: true };
      image.begin(entry, { offset: 512, segments });
    }
    expect(() => placeInodes(numberInodes(image.root))).not.toThrow();
    const larger = tree();
    for (let index = 0; index < 3000; index += 1) {
      const entry = { ...ENTRY, path: `g${index}`, size: 2 ** 44, sparse: true };
      larger.begin(entry, { offset: 512, segments: segments.slice(0, 1) });
    }
    expect(() => placeInodes(numberInodes(larger.root))).toThrow(OcicatError);
  });

  test("does not pay again for opaque marks that repeat", () => {
    const image = tree();
    for (let index = 0; index < 20_000; index += 1) {
      image.begin({ ...ENTRY, path: `d/d${index}/f` }, STORED);
    }
    image.nextLayer();
    for (let index = 0; index < 200_000; index += 1) {
      image.begin({ ...ENTRY, path: `d/e${index}/f` }, STORED);
      if (index > 150_000) {
        image.begin({ ...ENTRY, path: "d/.wh..wh..opq" }, STORED);
      }
    }
    expect(image.root.children.size).toBe(1);
    expect(numberInodes(image.root).nodes).toHaveLength(2 + 2 * 200_000);
  });
});
