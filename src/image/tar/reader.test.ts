import { describe, expect, test } from "bun:test";
import { seededRandom } from "../../../test/fixtures/random.ts";
import {
  archive,
  endMark,
  entry,
  header,
  padded,
  paxHeader,
  paxRecord,
  type TarFields,
  withChecksum,
} from "../../../test/fixtures/tar-archive.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { DEFAULT_TAR_LIMITS, type TarEntry, type TarLimits } from "./entry.ts";
import { TarReader } from "./reader.ts";

interface Read extends TarEntry {
  /** Holes as zeros. */
  readonly content: string;
}

function readAll(input: Uint8Array, chunkBytes = input.length, limits: Partial<TarLimits> = {}) {
  const entries: Read[] = [];
  let current: { entry: TarEntry; content: Buffer } | undefined;
  const reader = new TarReader(
    {
      begin(entry) {
        expect(current).toBeUndefined();
        current = { entry, content: Buffer.alloc(Math.min(entry.size, 1 << 20)) };
      },
      data(chunk, offset) {
        current?.content.set(chunk, offset);
      },
      end() {
        if (current !== undefined) {
          entries.push({ ...current.entry, content: current.content.toString("latin1") });
          current = undefined;
        }
      },
    },
    { ...DEFAULT_TAR_LIMITS, ...limits },
  );
  for (let start = 0; start < input.length; start += chunkBytes) {
    reader.push(input.subarray(start, start + chunkBytes));
  }
  reader.finish();
  return entries;
}

function only(...parts: readonly (TarFields | Buffer)[]): Read {
  const entries = readAll(archive(...parts));
  expect(entries).toHaveLength(1);
  return entries[0] as Read;
}

function errorOf(action: () => unknown): OcicatError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
    return error as OcicatError;
  }
  throw new Error("nothing was thrown");
}

const LONG = `${"d".repeat(120)}/${"f".repeat(150)}`;

describe("ustar", () => {
  test("all fields of a file", () => {
    const fields = { mode: 0o4755, uid: 1000, gid: 33, mtime: 1_234_567, data: "hello" };
    expect(only({ name: "dir/file", ...fields })).toEqual({
      kind: "file",
      path: "dir/file",
      linkTarget: "",
      mode: 0o4755,
      uid: 1000,
      gid: 33,
      size: 5,
      sparse: false,
      modified: { seconds: 1_234_567, nanoseconds: 0 },
      device: { major: 0, minor: 0 },
      xattrs: new Map(),
      offset: 0,
      content: "hello",
    });
  });

  test.each<[string, TarFields, Partial<TarEntry>]>([
    ["hard link", { name: "a", type: "1", link: "b" }, { kind: "hard-link", linkTarget: "b" }],
    ["symlink", { name: "a", type: "2", link: "../b" }, { kind: "symlink", linkTarget: "../b" }],
    [
      "character device",
      { name: "a", type: "3", major: 1, minor: 3 },
      { kind: "character-device", device: { major: 1, minor: 3 } },
    ],
    [
      "block device",
      { name: "a", type: "4", major: 8, minor: 1 },
      { kind: "block-device", device: { major: 8, minor: 1 } },
    ],
    ["directory", { name: "a/", type: "5" }, { kind: "directory", path: "a/" }],
    ["fifo", { name: "a", type: "6" }, { kind: "fifo" }],
    ["contiguous file", { name: "a", type: "7", data: "x" }, { kind: "file", size: 1 }],
    ["old file", { name: "a", type: "\0", magic: "", data: "x" }, { kind: "file", size: 1 }],
    ["old directory", { name: "a/", type: "\0", magic: "" }, { kind: "directory" }],
    ["a directory's size counts for nothing", { name: "a", type: "5", size: 99 }, { size: 0 }],
    ["prefix", { name: "f", prefix: "some/dir" }, { path: "some/dir/f" }],
    ["no prefix in GNU's header", { name: "f", prefix: "x", magic: "ustar  \0" }, { path: "f" }],
    [
      "star's shorter prefix",
      {
        name: "f",
        prefix: "p".repeat(131),
        patches: [
          [476, "7".repeat(11)],
          [508, "tar\0"],
        ],
      },
      { path: `${"p".repeat(131)}/f` },
    ],
    ["a name of 100 bytes", { name: "n".repeat(100) }, { path: "n".repeat(100) }],
    ["bytes that are no UTF-8", { name: "\xff\x80" }, { path: "\xff\x80" }],
    ["numbers with spaces", { name: "a", patches: [[108, "   144 \0"]] }, { uid: 100 }],
    ["an empty number", { name: "a", patches: [[108, "\0\0\0\0\0\0\0\0"]] }, { uid: 0 }],
    [
      "a large number in base 256",
      { name: "a", patches: [[108, "\x80\0\0\0\xff\xff\xff\xfe"]] },
      { uid: 4_294_967_294 },
    ],
    [
      "a time before 1970",
      { name: "a", patches: [[136, `${"\xff".repeat(11)}\xfe`]] },
      { modified: { seconds: -2, nanoseconds: 0 } },
    ],
    [
      "a dump directory",
      { name: "d", type: "D", data: "Yname\0\0" },
      { kind: "directory", size: 0 },
    ],
  ])("%s", (_, fields, expected) => {
    expect(only(fields)).toMatchObject(expected);
  });

  test("a checksum over signed bytes", () => {
    const block = header({ name: "\xe9\xe9" });
    const unsigned = Number.parseInt(block.toString("latin1", 148, 154), 8);
    block.write((unsigned - 512).toString(8).padStart(6, "0"), 148, "latin1");
    expect(only(block)).toMatchObject({ path: "\xe9\xe9" });
  });

  test("entries keep their order and offsets; what follows the end is ignored", () => {
    const input = archive({ name: "a", data: "x".repeat(513) }, { name: "b", type: "5" });
    const entries = readAll(Buffer.concat([input, Buffer.from("trailing".repeat(99))]));
    expect(entries.map(({ path, offset }) => [path, offset])).toEqual([
      ["a", 0],
      ["b", 1536],
    ]);
  });

  test("volume labels are passed over", () => {
    expect(only({ name: "label", type: "V" }, { name: "a" })).toMatchObject({ path: "a" });
  });

  test("an archive without an end mark, or with half of one", () => {
    expect(readAll(entry({ name: "a" }))).toHaveLength(1);
    expect(readAll(Buffer.concat([entry({ name: "a" }), Buffer.alloc(512)]))).toHaveLength(1);
    expect(readAll(Buffer.alloc(0))).toHaveLength(0);
  });
});

describe("pax", () => {
  test("every keyword wins over the header", () => {
    const pax = {
      path: LONG,
      size: "3",
      uid: "4000000",
      gid: "4000001",
      mtime: "1700000000.123456789",
      "SCHILY.xattr.user.a": "v\0=\n",
      "SCHILY.xattr.user.percent%25equals%3D": "",
      atime: "1",
      comment: "ignored",
    };
    const read = only({ name: "short", data: "abc", size: 0, pax });
    expect(read).toMatchObject({
      path: LONG,
      uid: 4_000_000,
      gid: 4_000_001,
      content: "abc",
      modified: { seconds: 1_700_000_000, nanoseconds: 123_456_789 },
    });
    expect([...read.xattrs]).toEqual([
      ["user.a", Uint8Array.from(Buffer.from("v\0=\n"))],
      ["user.percent%equals=", new Uint8Array()],
    ]);
  });

  test("a link's target, device numbers", () => {
    expect(only({ name: "l", type: "2", link: "x", pax: { linkpath: LONG } })).toMatchObject({
      linkTarget: LONG,
    });
    const device = { "SCHILY.devmajor": "300", "SCHILY.devminor": "300000" };
    expect(only({ name: "d", type: "4", pax: device })).toMatchObject({
      device: { major: 300, minor: 300_000 },
    });
  });

  test("bsdtar's spelling of attributes, unless both are there", () => {
    const libarchive = { "LIBARCHIVE.xattr.user.%61%25": Buffer.from("one").toString("base64") };
    const { xattrs } = only({ name: "f", pax: libarchive });
    expect([...xattrs]).toEqual([["user.a%", Uint8Array.from(Buffer.from("one"))]]);
    const both = { "LIBARCHIVE.xattr.user.a": "AAAA", "SCHILY.xattr.user.a": "raw" };
    expect([...only({ name: "f", pax: both }).xattrs.values()]).toEqual([
      Uint8Array.from(Buffer.from("raw")),
    ]);
    const reversed = { "SCHILY.xattr.user.a": "raw", "LIBARCHIVE.xattr.user.a": "AAAA" };
    expect([...only({ name: "f", pax: reversed }).xattrs.values()]).toEqual([
      Uint8Array.from(Buffer.from("raw")),
    ]);
  });

  test.each([
    ["-1.25", { seconds: -2, nanoseconds: 750_000_000 }],
    ["-1", { seconds: -1, nanoseconds: 0 }],
    ["0.000000001", { seconds: 0, nanoseconds: 1 }],
    ["5.1234567899", { seconds: 5, nanoseconds: 123_456_789 }],
    ["7.", { seconds: 7, nanoseconds: 0 }],
  ])("mtime %s", (mtime, modified) => {
    expect(only({ name: "f", pax: { mtime } }).modified).toEqual(modified);
  });

  test("global headers hold until an entry says otherwise, or an empty value takes them back", () => {
    const entries = readAll(
      archive(
        paxHeader({ uid: "7", gid: "8" }, "g"),
        { name: "a" },
        { name: "b", uid: 3, pax: { uid: "9", gid: "" } },
        paxHeader({ gid: "10" }, "g"),
        { name: "c" },
      ),
    );
    expect(entries.map(({ uid, gid }) => [uid, gid])).toEqual([
      [7, 8],
      [9, 0],
      [7, 10],
    ]);
  });

  test("an entry's header does not leak into the next entry", () => {
    const entries = readAll(archive({ name: "a", pax: { uid: "9", path: "z" } }, { name: "b" }));
    expect(entries.map(({ path, uid }) => [path, uid])).toEqual([
      ["z", 9],
      ["b", 0],
    ]);
  });

  test.each([
    ["no length", "x path=a\n"],
    ["a length that is too short", "4 a=b\n"],
    ["a length beyond the header", "99 path=a\n"],
    ["no equals sign", paxRecord("a", "b").replace("=", ":")],
    ["no newline", paxRecord("path", "b").replace("\n", " ")],
    ["a length of zero", "0 path=a\n"],
    ["an endless length", `${"1".repeat(30)} a=b\n`],
  ])("malformed records: %s", (_, data) => {
    const input = archive(entry({ name: "pax", type: "x", data }), { name: "a" });
    expect(errorOf(() => readAll(input)).message).toMatch(/^read the tar archive at byte 512: /);
  });

  test.each<[string, TarFields]>([
    ["size", { name: "a", pax: { size: "-1" } }],
    ["size", { name: "a", pax: { size: "99999999999999999999" } }],
    ["uid", { name: "a", pax: { uid: "4294967295" } }],
    ["uid", { name: "a", pax: { uid: "abc" } }],
    ["mtime", { name: "a", pax: { mtime: "yesterday" } }],
    ["NUL", { name: "a", pax: { path: "a\0b" } }],
    ["NUL", { name: "a", type: "2", pax: { linkpath: "a\0b" } }],
  ])("a value that is none: %s", (_, fields) => {
    expect(errorOf(() => readAll(archive(fields))).code).toBe("invalid-config");
  });
});

describe("GNU", () => {
  const longName = entry({ name: "././@LongLink", type: "L", data: `${LONG}\0` });
  const longLink = entry({ name: "././@LongLink", type: "K", data: `${LONG}-target\0` });

  test("long names and links, in either order, for one entry", () => {
    const link: TarFields = { name: "cut", type: "2", link: "cut" };
    for (const parts of [
      [longName, longLink],
      [longLink, longName],
    ]) {
      const entries = readAll(archive(...parts, link, { name: "next" }));
      expect(entries.map(({ path, linkTarget }) => [path, linkTarget])).toEqual([
        [LONG, `${LONG}-target`],
        ["next", ""],
      ]);
    }
  });

  test("a long name wins over a pax path", () => {
    expect(only(longName, { name: "x", pax: { path: "from-pax" } })).toMatchObject({ path: LONG });
  });
});

describe("sparse files", () => {
  const number = (value: number): string => `${value.toString(8).padStart(11, "0")}\0`;
  const pairs = (...segments: readonly (readonly [number, number])[]): string =>
    segments.map(([offset, length]) => number(offset) + number(length)).join("");
  const expected = `${"\0".repeat(512)}AAA${"\0".repeat(509)}BB${"\0".repeat(974)}`;

  function gnuSparse(segments: string, extended: boolean, realSize: number, data: string): Buffer {
    return header({
      name: "s",
      type: "S",
      size: data.length,
      magic: "ustar  \0",
      patches: [
        [386, segments],
        [482, extended ? "\x01" : "\0"],
        [483, number(realSize)],
      ],
    });
  }

  test("old GNU, segments in the header", () => {
    const head = gnuSparse(pairs([512, 3], [1024, 2], [2000, 0]), false, 2000, "AAABB");
    const read = only(head, padded(Buffer.from("AAABB")));
    expect(read).toMatchObject({ size: 2000, sparse: true, content: expected });
  });

  test("old GNU, segments in further blocks", () => {
    const count = 4 + 21 + 3;
    const all = Array.from({ length: count }, (_, index) => [index * 10, 1] as const);
    const data = "x".repeat(count);
    const first = Buffer.alloc(512);
    first.write(pairs(...all.slice(4, 25)), 0, "latin1");
    first[504] = 1;
    const second = Buffer.alloc(512);
    second.write(pairs(...all.slice(25)), 0, "latin1");
    const head = gnuSparse(pairs(...all.slice(0, 4)), true, 300, data);
    const [read, next] = readAll(
      archive(head, first, second, padded(Buffer.from(data)), { name: "next" }),
    );
    expect(read).toMatchObject({ size: 300, sparse: true });
    expect(read?.content).toBe(`${`x${"\0".repeat(9)}`.repeat(count)}${"\0".repeat(20)}`);
    expect(next?.path).toBe("next");
  });

  test("pax 0.0", () => {
    const records = [
      paxRecord("GNU.sparse.size", "2000"),
      paxRecord("GNU.sparse.numblocks", "2"),
      paxRecord("GNU.sparse.offset", "512"),
      paxRecord("GNU.sparse.numbytes", "3"),
      paxRecord("GNU.sparse.offset", "1024"),
      paxRecord("GNU.sparse.numbytes", "2"),
    ];
    const pax = entry({ name: "pax", type: "x", data: records.join("") });
    expect(only(pax, { name: "s", data: "AAABB" }).content).toBe(expected);
  });

  test("pax 0.1", () => {
    const pax = {
      "GNU.sparse.size": "2000",
      "GNU.sparse.numblocks": "2",
      "GNU.sparse.name": "the/name",
      "GNU.sparse.map": "512,3,1024,2",
    };
    const read = only({ name: "GNUSparseFile.0/name", data: "AAABB", pax });
    expect(read).toMatchObject({ path: "the/name", size: 2000, content: expected });
  });

  test("pax 1.0, with a map of one block and of several", () => {
    const pax = {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": "the/name",
      "GNU.sparse.realsize": "2000",
    };
    const small = Buffer.concat([
      padded(Buffer.from("2\n512\n3\n1024\n2\n")),
      Buffer.from("AAABB"),
    ]);
    expect(only({ name: "x", data: small, pax }).content).toBe(expected);

    const segments = Array.from({ length: 200 }, (_, index) => `${index * 10}\n1\n`).join("");
    const map = padded(Buffer.from(`200\n${segments}`));
    expect(map.length).toBeGreaterThan(512);
    const large = Buffer.concat([map, Buffer.from("y".repeat(200))]);
    expect(only({ name: "x", data: large, pax }).content).toBe(`y${"\0".repeat(9)}`.repeat(200));
  });

  test.each([
    ["overlap", "0,10,5,10", "20", 20],
    ["out of order", "10,5,0,5", "20", 10],
    ["beyond the end", "0,30", "20", 30],
    ["less data than segments", "0,10", "20", 5],
    ["more data than segments", "0,5", "20", 10],
    ["a number that is none", "0,x", "20", 0],
    ["an odd count", "0", "20", 0],
  ])("a map that lies: %s", (_, map, realSize, stored) => {
    const count = String(Math.ceil(map.split(",").length / 2));
    const pax = {
      "GNU.sparse.size": realSize,
      "GNU.sparse.numblocks": count,
      "GNU.sparse.map": map,
    };
    const input = archive({ name: "s", data: "d".repeat(stored), pax });
    expect(errorOf(() => readAll(input)).code).toBe("invalid-config");
  });

  test("a map in the data that never ends, or is no list", () => {
    const pax = {
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.realsize": "2000",
    };
    for (const data of ["1".repeat(2048), "9\n1\n".padEnd(512, "\0"), "x\n".repeat(256), "short"]) {
      const input = archive({ name: "s", data, pax });
      expect(errorOf(() => readAll(input)).code).toBe("invalid-config");
    }
  });
});

describe("broken archives", () => {
  test.each<[string, Buffer, number, string]>([
    ["checksum", flipped(entry({ name: "a" }), 5), 0, "the header's checksum is wrong"],
    [
      "number",
      archive({ name: "a" }, { name: "b", patches: [[108, "12x4567\0"]] }),
      512,
      'the uid "12x4567" is not an octal number',
    ],
    ["name", archive({ name: "" }), 0, "a name is empty"],
    ["type", archive({ name: "a", type: "Q" }), 0, 'entries of type "Q" are unknown'],
    ["multi-volume", archive({ name: "a", type: "M" }), 0, 'entries of type "M" are unknown'],
    [
      "size",
      archive({ name: "a", patches: [[124, "\xff".repeat(12)]] }),
      0,
      "the size is negative",
    ],
    [
      "range",
      archive({ name: "a", patches: [[124, `\x80${"\xff".repeat(11)}`]] }),
      0,
      "the size is out of range",
    ],
    [
      "lone zero block",
      Buffer.concat([entry({ name: "a" }), Buffer.alloc(512), entry({ name: "b" }), endMark()]),
      1024,
      "a single zero block stands between entries",
    ],
  ])("%s", (_, input, offset, reason) => {
    const error = errorOf(() => readAll(input));
    expect(error.message).toBe(`read the tar archive at byte ${offset}: ${reason}`);
    expect(error.code).toBe("invalid-config");
  });

  const sample = archive(
    { name: "dir/", type: "5" },
    { name: "file", data: "0123456789", pax: { path: LONG, "SCHILY.xattr.user.x": "y" } },
    entry({ name: "././@LongLink", type: "L", data: `${LONG}\0` }),
    { name: "long", data: "z".repeat(600) },
  );

  test("truncated at every byte: complete behind an entry's data, an error with the place elsewhere", () => {
    const whole = readAll(sample);
    const clean: number[] = [];
    for (let length = 0; length < sample.length; length += 1) {
      try {
        expect(readAll(sample.subarray(0, length)).length).toBeLessThanOrEqual(whole.length);
        clean.push(length);
      } catch (error) {
        expect((error as Error).message).toStartWith(
          `read the tar archive at byte ${length}: the archive ends inside `,
        );
      }
    }
    const afterSecond = 512 + 1024 + 512 + 512;
    const afterThird = afterSecond + 1024 + 512 + 1024;
    const half = afterThird + 512;
    const padding = (from: number, to: number): number[] =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index);
    expect(clean).toEqual([
      0,
      512,
      ...padding(afterSecond - 502, afterSecond),
      ...padding(afterThird - 424, afterThird),
      half,
    ]);
  });

  test("the size of the chunks makes no difference", () => {
    const whole = readAll(sample);
    for (const chunkBytes of [1, 7, 511, 512, 513, 1000]) {
      expect(readAll(sample, chunkBytes)).toEqual(whole);
    }
  });
});

describe("limits", () => {
  test.each<[string, Buffer, Partial<TarLimits>]>([
    ["the number of entries", archive({ name: "a" }, { name: "b" }), { entries: 1 }],
    ["headers count as entries", archive({ name: "a", pax: { uid: "1" } }), { entries: 1 }],
    ["the archive", archive({ name: "a", data: "x".repeat(5000) }), { totalBytes: 4096 }],
    ["a name", archive({ name: "abcd" }), { pathBytes: 3 }],
    ["a target", archive({ name: "a", type: "2", link: "abcd" }), { pathBytes: 3 }],
    ["a pax path", archive({ name: "a", pax: { path: "p".repeat(5000) } }), {}],
    [
      "an attribute",
      archive({ name: "a", pax: { "SCHILY.xattr.user.a": "x".repeat(70_000) } }),
      {},
    ],
    ["an extension header", archive(entry({ name: "x", type: "x", size: 2 ** 30 })), {}],
    ["a long name", archive(entry({ name: "x", type: "L", size: 2 ** 30 })), {}],
    [
      "global headers together",
      archive(paxHeader({ a: "x".repeat(600) }, "g"), paxHeader({ b: "x".repeat(600) }, "g")),
      { extensionBytes: 1024 },
    ],
    [
      "sparse segments",
      archive({
        name: "s",
        data: padded(Buffer.from("999999999\n")),
        pax: {
          "GNU.sparse.major": "1",
          "GNU.sparse.minor": "0",
          "GNU.sparse.realsize": "10",
        },
      }),
      {},
    ],
  ])("%s", (_, input, limits) => {
    expect(errorOf(() => readAll(input, input.length, limits)).code).toBe("exhausted");
  });
});

test("random bytes, and random changes to good archives, end in a typed error or in entries", () => {
  const sample = archive(
    { name: "dir/", type: "5" },
    {
      name: "f",
      data: "0123456789",
      pax: { path: LONG, mtime: "1.5", "SCHILY.xattr.user.x": "y" },
    },
    entry({ name: "L", type: "L", data: `${LONG}\0` }),
    { name: "s", type: "S", magic: "ustar  \0", patches: [[483, "00000000012"]] },
    { name: "dev", type: "3", major: 1, minor: 3 },
  );
  expect(readAll(sample)).toHaveLength(4);
  const random = seededRandom(42);
  let errors = 0;
  let complete = 0;
  for (let round = 0; round < 3000; round += 1) {
    const input = round % 3 === 0 ? randomBlock(random) : mutated(sample, random);
    try {
      readAll(input, 1 + Math.floor(random() * input.length), { totalBytes: 1 << 20 });
      complete += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(OcicatError);
      errors += 1;
    }
  }
  expect(errors).toBeGreaterThan(500);
  expect(complete).toBeGreaterThan(50);
});

function randomBlock(random: () => number): Buffer {
  const block = Buffer.from(Array.from({ length: 512 }, () => Math.floor(random() * 256)));
  return Buffer.concat([withChecksum(block), Buffer.alloc(1024)]);
}

/** Some bytes change; the checksums of all blocks that had one stay right, so that the rest is reached. */
function mutated(sample: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(sample);
  for (let count = Math.floor(random() * 4) + 1; count > 0; count -= 1) {
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  }
  for (let start = 0; start < copy.length; start += 512) {
    const block = copy.subarray(start, start + 512);
    if (sample.toString("latin1", start + 257, start + 262) === "ustar") {
      withChecksum(block);
    }
  }
  return copy;
}

function flipped(input: Buffer, index: number): Buffer {
  const copy = Buffer.from(input);
  copy[index] = (copy[index] ?? 0) ^ 0x40;
  return copy;
}
