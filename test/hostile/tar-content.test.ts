// Layers that stay inside their folder and still try to harm: attributes and devices that mean something
// to overlayfs or the host, bombs, trees made to exhaust whoever removes them, broken streams.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { O_RDONLY } from "../../src/abi/file.ts";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../../src/image/unpack/limits.ts";
import { removeTree } from "../../src/store/remove-tree.ts";
import { OwnedFd, open } from "../../src/sys/file.ts";
import { REFUSED_ENTRIES } from "../fixtures/refused-entries.ts";
import { archive, paxHeader, type TarFields } from "../fixtures/tar-archive.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";
import { unpackBlob, unpackLayers } from "../fixtures/unpacked-layers.ts";

const isRoot = process.geteuid?.() === 0;

let sandbox = "";

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-tar-"));
});

afterEach(() => {
  // node:fs takes time that grows with the square of the depth.
  using parent = new OwnedFd(open(tmpdir(), O_RDONLY));
  removeTree(parent.number, basename(sandbox));
});

async function failure(promise: Promise<unknown>): Promise<OcicatError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OcicatError);
  return error as OcicatError;
}

describe.skipIf(!isRoot)("what would mean something to the host", () => {
  const xattrs = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [`SCHILY.xattr.${name}`, "value"]));

  test.each([
    "trusted.overlay.opaque",
    "trusted.overlay.redirect",
    "trusted.overlay.metacopy",
    "trusted.overlay.origin",
    "trusted.overlay.overlay.opaque",
    "user.overlay.opaque",
    "user.overlay.redirect",
    "user.overlay.whiteout",
    "security.selinux",
    "security.ima",
    "security.evm",
    "security.apparmor",
    "security.SMACK64",
  ])("the attribute %s is not taken", async (name) => {
    const pax = xattrs([name, "user.kept", "trusted.kept"]);
    const fields = [
      { name: "d", type: "5", pax },
      { name: "f", pax },
    ];
    const { lower, notes } = await unpackLayers(sandbox, [archive(...fields)]);
    const facts = treeFacts(lower[0] ?? "");
    for (const path of ["d", "f"]) {
      expect(facts[path]).toContain("trusted.kept=");
      expect(facts[path]).toContain("user.kept=");
      expect(facts[path]).not.toContain(name);
    }
    expect(notes).toEqual([`2 entries: extended attribute "${name}" not taken from the image`]);
  });

  test("a character device 0/0 does not become a whiteout of the layer below", async () => {
    const below = archive({ name: "f", data: "kept" });
    const { lower, notes } = await unpackLayers(sandbox, [
      below,
      archive({ name: "f", type: "3" }),
    ]);
    expect(existsSync(join(lower[0] ?? "", "f"))).toBe(false);
    expect(notes).toEqual([
      "1 entry: character device 0/0 left out, overlayfs would take it for a whiteout",
    ]);
  });

  test("a file after a device of the same name does not open the device", async () => {
    const device = { name: "x", type: "3", major: 1, minor: 7 }; // /dev/full: writing fails
    const { lower } = await unpackLayers(sandbox, [archive(device, { name: "x", data: "data" })]);
    const path = join(lower[0] ?? "", "x");
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readFileSync(path, "latin1")).toBe("data");
  });

  test("a file after a fifo of the same name does not wait for a reader", async () => {
    const fifo = { name: "x", type: "6" };
    const { lower } = await unpackLayers(sandbox, [archive(fifo, { name: "x", data: "data" })]);
    expect(readFileSync(join(lower[0] ?? "", "x"), "latin1")).toBe("data");
  });

  test("setuid survives the owner, and a hard link does not change what it points at", async () => {
    const { lower } = await unpackLayers(sandbox, [
      archive(
        { name: "su", mode: 0o6755, uid: 12, gid: 34, data: "x" },
        { name: "link", type: "1", link: "su", mode: 0o777, uid: 99, gid: 99 },
      ),
    ]);
    const status = lstatSync(join(lower[0] ?? "", "su"));
    expect([status.mode & 0o7777, status.uid, status.gid, status.nlink]).toEqual([
      0o6755, 12, 34, 2,
    ]);
  });

  test.each(REFUSED_ENTRIES)("%s is refused", async (_, fields) => {
    const layer = archive({ name: "a", type: "5" }, fields);
    expect((await failure(unpackLayers(sandbox, [layer]))).code).toMatch(/invalid-config|system/);
  });

  test("a hard link to a directory, an entry below a file", async () => {
    const link = archive({ name: "d", type: "5" }, { name: "h", type: "1", link: "d" });
    expect((await failure(unpackLayers(sandbox, [link]))).reason).toBe('"d" is a directory');
    rmSync(join(sandbox, "0"), { recursive: true });
    const below = archive({ name: "f", data: "x" }, { name: "f/g", data: "x" });
    expect((await failure(unpackLayers(sandbox, [below]))).message).toBe(
      'unpack into "f": it is not a directory',
    );
  });

  test("links in a circle", async () => {
    const layer = archive(
      { name: "a", type: "2", link: "b" },
      { name: "b", type: "2", link: "a" },
      { name: "a/f" },
    );
    expect((await failure(unpackLayers(sandbox, [layer]))).reason).toBe(
      "too many levels of symbolic links",
    );
  });
});

describe.skipIf(!isRoot)("exhaustion", () => {
  const deep = (levels: number): string => "d/".repeat(levels);

  test("a tree of 500 levels is made, and removed when a file takes its place", async () => {
    const path = `${deep(500)}f`;
    const layer = archive({ name: "x", data: "deep", pax: { path } }, { name: "d", data: "flat" });
    const { lower } = await unpackLayers(sandbox, [layer]);
    expect(readFileSync(join(lower[0] ?? "", "d"), "latin1")).toBe("flat");
    expect(readdirSync(join(sandbox, "0"))).toEqual(["fs"]);
  });

  test.each<[string, TarFields[], Partial<UnpackLimits>, string]>([
    [
      "levels",
      [{ name: "x", pax: { path: `${deep(513)}f` } }],
      {},
      "it is more than 512 levels deep",
    ],
    [
      "levels by way of a link",
      [
        { name: "x", pax: { path: `${deep(9)}f` } },
        { name: "s", type: "2", link: deep(9) },
        { name: `s/${deep(2)}f` },
      ],
      { depth: 10 },
      "it is more than 10 levels deep",
    ],
    [
      "bytes of a path by way of a link",
      [
        { name: "x", pax: { path: `${"y".repeat(200)}/`.repeat(15) } },
        { name: "s", type: "2", pax: { linkpath: `${"y".repeat(200)}/`.repeat(15) } },
        { name: "x", pax: { path: `s/${`${"y".repeat(200)}/`.repeat(15)}` } },
      ],
      {},
      "its path has more than 4095 bytes",
    ],
    [
      "implied directories",
      [{ name: "a/b/c/f" }, { name: "d/e/f/f" }],
      { directories: 5 },
      "the layer has more than 5 directories",
    ],
  ])("too many %s", async (_, fields, changed, reason) => {
    const limits = { ...DEFAULT_UNPACK_LIMITS, ...changed };
    const error = await failure(unpackLayers(sandbox, [archive(...fields)], { limits }));
    expect([error.code, error.reason]).toEqual(["exhausted", reason]);
  });

  test("hundreds of directories, each replaced by a link and back, stay few descriptors", async () => {
    const entries = Array.from({ length: 300 }, (_, index): TarFields[] => [
      { name: `d${index}`, type: "5" },
      { name: `d${index}/f` },
      { name: `d${index}`, type: "2", link: "/" },
      { name: `d${index}`, type: "5" },
    ]).flat();
    const before = readdirSync("/proc/self/fd").length;
    const { lower } = await unpackLayers(sandbox, [archive(...entries)]);
    expect(readdirSync(lower[0] ?? "")).toHaveLength(300);
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
  });

  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("a bomb in %s stops at the ratio", async (_, compress) => {
    const bomb = archive({ name: "zeros", data: Buffer.alloc(20 << 20) });
    const limits = { ...DEFAULT_UNPACK_LIMITS, ratio: 100, ratioFreeBytes: 1 << 20 };
    const blob = compress(bomb);
    expect(bomb.length / blob.length).toBeGreaterThan(500);
    const error = await failure(unpackBlob(sandbox, { blob, archive: bomb }, { limits }));
    expect(error.code).toBe("exhausted");
    expect(error.reason).toBe("it grows to more than 100 times its size");
  });

  test("limits of entries and bytes reach the unpacker", async () => {
    const layer = archive(...Array.from({ length: 20 }, (_, index) => ({ name: `f${index}` })));
    const few = { ...DEFAULT_UNPACK_LIMITS, entries: 10 };
    expect((await failure(unpackLayers(sandbox, [layer], { limits: few }))).code).toBe("exhausted");
    rmSync(join(sandbox, "0"), { recursive: true });
    const small = { ...DEFAULT_UNPACK_LIMITS, totalBytes: 1000 };
    const error = await failure(unpackLayers(sandbox, [layer], { limits: small }));
    expect(error.code).toBe("exhausted");
  });

  test("a sparse file of petabytes takes no space, or is refused", async () => {
    const pax = {
      "GNU.sparse.size": "9000000000000000",
      "GNU.sparse.numblocks": "1",
      "GNU.sparse.map": "0,4",
    };
    const layer = archive({ name: "s", data: "data", pax });
    const outcome = await unpackLayers(sandbox, [layer]).then(
      ({ lower }) => lstatSync(join(lower[0] ?? "", "s")).blocks,
      (error: OcicatError) => error.message,
    );
    // ext4 refuses the size, tmpfs and xfs take it.
    const allowed = [8, 'set the size of "s": file too large (EFBIG)'];
    expect(allowed.map(String)).toContain(String(outcome).slice(0, 47));
  });
});

describe.skipIf(!isRoot)("streams", () => {
  const layer = archive(
    paxHeader({ comment: "x".repeat(1000) }, "g"),
    { name: "f", data: Buffer.from(Array.from({ length: 9000 }, (_, index) => index % 251)) },
    { name: "d", type: "5" },
  );
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const halves = [layer.subarray(0, 3000), layer.subarray(3000)] as const;

  test.each<[string, Buffer]>([
    ["none", layer],
    ["gzip", gzipSync(layer)],
    ["gzip of several members", Buffer.concat(halves.map((half) => gzipSync(half)))],
    ["zstd", zstdCompressSync(layer)],
    ["zstd of several frames", Buffer.concat(halves.map((half) => zstdCompressSync(half)))],
    ["zstd with skippable frames", Buffer.concat([skippable, zstdCompressSync(layer), skippable])],
  ])("compression: %s", async (_, blob) => {
    await unpackBlob(sandbox, { blob, archive: layer });
    expect(Object.keys(treeFacts(join(sandbox, "0", "fs")))).toEqual([".", "d", "f"]);
  });

  test.each([
    ["gzip", gzipSync(layer)],
    ["zstd", zstdCompressSync(layer)],
    ["none", layer],
  ])("%s, truncated or with flipped bits: always an error", async (_, blob) => {
    const random = [0, 1, 2, 3, 9, 10, 50].map((part) => Math.floor((blob.length * part) / 60));
    for (const [index, at] of [...random, blob.length - 1, blob.length - 6].entries()) {
      const truncated = blob.subarray(0, at);
      const cut = failure(
        unpackBlob(join(sandbox, `cut${index}`), { blob: truncated, archive: layer }),
      );
      expect((await cut).code).toBe("invalid-config");
      const flipped = Buffer.from(blob);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      const original = { blob: flipped, archive: layer, digestFrom: blob };
      const flip = failure(unpackBlob(join(sandbox, `flip${index}`), original));
      expect((await flip).code).toMatch(/invalid-config|exhausted/);
    }
  });

  test("a blob of another digest or size, an archive of another DiffID", async () => {
    const other = Buffer.from("other");
    const wrongBlob = unpackBlob(sandbox, { blob: layer, archive: layer, digestFrom: other });
    expect((await failure(wrongBlob)).message).toMatch(/^verify the blob sha256:.* instead of /);
    rmSync(sandbox, { recursive: true });
    const wrongArchive = unpackBlob(sandbox, { blob: layer, archive: other });
    expect((await failure(wrongArchive)).message).toMatch(/^verify the uncompressed layer sha256:/);
    for (const size of [layer.length - 1, layer.length + 1]) {
      rmSync(sandbox, { recursive: true });
      const wrongSize = unpackBlob(sandbox, { blob: layer, archive: layer, size });
      expect((await failure(wrongSize)).message).toMatch(/it is (longer|shorter) than \d+ bytes$/);
    }
  });

  test("data behind the end of a gzip stream counts for the digest", async () => {
    const blob = Buffer.concat([gzipSync(layer), Buffer.alloc(2_000_000)]);
    await unpackBlob(sandbox, { blob, archive: layer });
    expect(existsSync(join(sandbox, "0", "fs", "f"))).toBe(true);
    const changed = Buffer.from(blob);
    changed[blob.length - 1] = 1;
    rmSync(sandbox, { recursive: true });
    const wrong = unpackBlob(sandbox, { blob: changed, archive: layer, digestFrom: blob });
    expect((await failure(wrong)).code).toBe("invalid-config");
  });
});
