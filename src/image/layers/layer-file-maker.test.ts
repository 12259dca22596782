import { afterEach, beforeEach, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { archive } from "../../../test/fixtures/tar-archive.ts";
import { digestOf } from "../../../test/fixtures/unpacked-layers.ts";
import { readLayerFileHeader } from "../erofs/layer-file.ts";
import { DEFAULT_UNPACK_LIMITS } from "../unpack/limits.ts";
import { LayerFileMaker } from "./layer-file-maker.ts";

let folder: string;
let fd: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-maker-"));
  fd = openSync(join(folder, "layer"), "w+");
});

afterEach(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

test("the file is whole, and on its way to the disk, before anybody waits for it", async () => {
  const layer = archive({ name: "file", data: "content" });
  const blob = gzipSync(layer);
  const diffId = digestOf(layer);
  const written = Promise.withResolvers<void>();
  const identity = { blob: { digest: digestOf(blob), size: blob.length }, diffId };
  const maker = new LayerFileMaker(fd, identity, {
    limits: DEFAULT_UNPACK_LIMITS,
    onWritten: () => {
      written.resolve();
      return Promise.resolve();
    },
  });
  await maker.push(blob);
  // The blob has come; that it is on the disk takes a while.
  maker.end();
  await written.promise;
  expect(readLayerFileHeader(fd)).toMatchObject({ diffId, tarBytes: layer.length });
  expect(await maker.finish()).toEqual({ kind: "layer-file", notes: [] });
});
