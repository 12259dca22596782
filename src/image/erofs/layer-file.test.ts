import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ErofsFolder } from "../../../test/fixtures/erofs-layers.ts";
import { archive } from "../../../test/fixtures/tar-archive.ts";
import { digestOf } from "../../../test/fixtures/unpacked-layers.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { DEFAULT_UNPACK_LIMITS } from "../unpack/limits.ts";
import { readLayerFileHeader } from "./layer-file.ts";
import { LayerFileWriter } from "./layer-file-writer.ts";
import { writeMergedImage } from "./merged-image.ts";

let sandbox = "";

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-layer-file-"));
});

afterEach(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

const LAYER = archive({ name: "d", type: "5" }, { name: "d/f", data: "content" });

describe("a layer file", () => {
  test("has its archive, byte for byte", () => {
    using folder = new ErofsFolder(sandbox);
    const { fd, summary } = folder.layerFile(LAYER);
    const header = readLayerFileHeader(fd);
    expect(header).toMatchObject({
      tarOffset: 4096,
      tarBytes: LAYER.length,
      diffId: digestOf(LAYER),
      mountable: true,
    });
    expect(summary).toMatchObject({ tarBytes: LAYER.length, entries: 2, notes: [] });
    const content = readFileSync(fd);
    const end = header.tarOffset + header.tarBytes;
    expect(content.subarray(header.tarOffset, end).equals(LAYER)).toBe(true);
    expect(content.length % 4096).toBe(0);
    const metadata = content.subarray(
      header.metadataOffset,
      header.metadataOffset + header.metadataHashedBytes,
    );
    expect(digestOf(metadata)).toBe(`sha256:${header.metadataSha256.toHex()}`);
  });

  test("of a layer that links to those below is there for a merged image alone", () => {
    using folder = new ErofsFolder(sandbox);
    const upper = archive({ name: "h", type: "1", link: "d/f" }, { name: "bad", type: "0" });
    const { fd, summary } = folder.layerFile(upper);
    expect(summary.mountable).toBe(false);
    expect(summary.fault?.message).toBe('make the hard link "h": "d/f" does not exist');
    expect(readLayerFileHeader(fd)).toMatchObject({ mountable: false, metadataBytes: 0 });
    expect(
      readFileSync(fd)
        .subarray(1024, 4096)
        .every((byte) => byte === 0),
    ).toBe(true);
    expect(folder.merged([LAYER, upper]).summary.inodes).toBe(4);
  });

  test("that was not finished is none", () => {
    using folder = new ErofsFolder(sandbox);
    const fd = folder.newFile();
    const writer = new LayerFileWriter(fd);
    writer.push(LAYER.subarray(0, 1000));
    expect(() => writer.finish(digestOf(LAYER))).toThrow("the archive ends inside");
    expect(() => readLayerFileHeader(fd)).toThrow("it is not a layer file, or was never finished");
  });

  test("with any byte of its header changed is none", () => {
    using folder = new ErofsFolder(sandbox);
    const { fd } = folder.layerFile(LAYER);
    const content = readFileSync(fd);
    for (let at = 0; at < 1024; at += 1) {
      writeSync(fd, Buffer.from([(content[at] ?? 0) ^ 0x40]), 0, 1, at);
      expect(() => readLayerFileHeader(fd)).toThrow(OcicatError);
      writeSync(fd, content, at, 1, at);
    }
    expect(readLayerFileHeader(fd).mountable).toBe(true);
  });
});

describe("a merged image", () => {
  const options = { chainId: digestOf(LAYER) };

  test("of too many layers is refused", () => {
    const layer = { fd: -1, tarOffset: 0, tarBytes: 0, diffId: digestOf(LAYER) };
    const layers = new Array<typeof layer>(65_536).fill(layer);
    expect(() => writeMergedImage(-1, layers, options)).toThrow(
      "65536 layers are more than the 65535 that EROFS can have",
    );
  });

  test("of more than 2 TiB is refused", () => {
    using folder = new ErofsFolder(sandbox);
    const { fd } = folder.layerFile(LAYER);
    const layer = { fd, tarOffset: 4096, tarBytes: LAYER.length, diffId: digestOf(LAYER) };
    const large = { ...layer, tarBytes: 2 ** 41 };
    const limits = { ...DEFAULT_UNPACK_LIMITS, totalBytes: 2 ** 42 };
    expect(() =>
      writeMergedImage(folder.newFile(), [layer, large], { ...options, limits }),
    ).toThrow("it has more than 4294967294 blocks of 512 bytes");
  });

  test("of an archive that is shorter than it should be is refused", () => {
    using folder = new ErofsFolder(sandbox);
    const { fd } = folder.layerFile(LAYER);
    const layer = { fd, tarOffset: 4096, tarBytes: 1000, diffId: digestOf(LAYER) };
    expect(() => writeMergedImage(folder.newFile(), [layer], options)).toThrow(
      "the archive ends inside",
    );
  });

  test("tells what it could not keep, by layer", () => {
    using folder = new ErofsFolder(sandbox);
    const noted = archive({ name: "f", pax: { "SCHILY.xattr.security.ima": "x" } });
    const { summary } = folder.merged([LAYER, noted]);
    expect(summary.notes).toEqual([
      [],
      ['1 entry: extended attribute "security.ima" not taken from the image'],
    ]);
  });
});
