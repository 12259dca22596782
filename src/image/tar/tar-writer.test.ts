import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../../test/fixtures/random.ts";
import { treeFacts } from "../../../test/fixtures/tree-facts.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { encodeEntry, type NewTarEntry } from "./encode-entry.ts";
import type { TarEntry } from "./entry.ts";
import { TarReader } from "./reader.ts";
import { TarWriter } from "./tar-writer.ts";

const PLAIN: NewTarEntry = {
  kind: "file",
  path: "file",
  linkTarget: "",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  modified: { seconds: 1_000_000_000, nanoseconds: 0 },
  device: { major: 0, minor: 0 },
  xattrs: new Map(),
};

interface Item {
  readonly entry: NewTarEntry;
  readonly content?: string;
}

function file(path: string, content: string, rest: Partial<NewTarEntry> = {}): Item {
  return { entry: { ...PLAIN, path, size: content.length, ...rest }, content };
}

function special(rest: Partial<NewTarEntry>): Item {
  return { entry: { ...PLAIN, ...rest } };
}

async function write(items: readonly Item[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const writer = new TarWriter((chunk) => {
    chunks.push(Buffer.from(chunk));
  });
  for (const { entry, content } of items) {
    await writer.add(entry, content === undefined ? [] : [Buffer.from(content, "latin1")]);
  }
  await writer.finish();
  return Buffer.concat(chunks);
}

interface Read {
  readonly entry: TarEntry;
  content: string;
}

/** Of a sparse file the segments, one after the other. */
function read(archive: Uint8Array): Read[] {
  const entries: Read[] = [];
  const reader = new TarReader({
    begin(entry) {
      entries.push({ entry, content: "" });
    },
    data(chunk) {
      const last = entries.at(-1);
      if (last !== undefined) {
        last.content += Buffer.from(chunk).toString("latin1");
      }
    },
    end() {
      // The next entry begins by itself.
    },
  });
  reader.push(archive);
  reader.finish();
  return entries;
}

async function roundTrip(items: readonly Item[]) {
  const archive = await write(items);
  expect(archive.length % 512).toBe(0);
  const actual = read(archive).map(({ entry: { offset: _, sparse, path, ...entry }, content }) => ({
    entry: { ...entry, path: path.replace(/\/$/, "") },
    content,
    sparse,
  }));
  const expected = items.map(({ entry: { segments, ...entry }, content }) => ({
    entry,
    content: content ?? "",
    sparse: segments !== undefined,
  }));
  return { actual, expected };
}

const LONG = "component/".repeat(30);

const ALL: readonly Item[] = [
  special({ kind: "directory", path: "dir", mode: 0o1777 }),
  file("dir/file", "content", { mode: 0o4755, uid: 1000, gid: 2000 }),
  file("dir/empty", ""),
  file(`${LONG}name`, "long path"),
  file(`${"p".repeat(120)}/${"n".repeat(100)}`, "both fields"),
  file(`p/${"n".repeat(101)}`, "no place to split"),
  special({ kind: "directory", path: `p/${"n".repeat(99)}` }),
  special({ kind: "directory", path: "n".repeat(100) }),
  special({ kind: "symlink", path: "short", linkTarget: "../target" }),
  special({ kind: "symlink", path: "long", linkTarget: `/${LONG}` }),
  special({ kind: "hard-link", path: "hard", linkTarget: "dir/file" }),
  special({ kind: "hard-link", path: "hard-long", linkTarget: `${LONG}name` }),
  special({ kind: "character-device", path: "null", device: { major: 1, minor: 3 } }),
  special({ kind: "block-device", path: "disk", device: { major: 4095, minor: 1_048_575 } }),
  special({ kind: "fifo", path: "fifo" }),
  file("caf\xe9", "a name that is no UTF-8"),
  file("\xc3\xa9t\xc3\xa9", "a name in UTF-8"),
  file(`${"\xff".repeat(200)}`, "a long name that is no UTF-8"),
  special({ kind: "symlink", path: "binary-link", linkTarget: "\xfe".repeat(150) }),
  file("exact", "e".repeat(512)),
  file("more", "m".repeat(513)),
];

const FACTS: readonly Item[] = [
  file("ids", "x", { uid: 0xffff_fffe, gid: 2_097_152 }),
  file("edge-ids", "x", { uid: 2_097_151, gid: 2_097_151 }),
  file("half", "x", { modified: { seconds: 1, nanoseconds: 500_000_000 } }),
  file("nano", "x", { modified: { seconds: 1_700_000_000, nanoseconds: 1 } }),
  file("early", "x", { modified: { seconds: -2, nanoseconds: 750_000_000 } }),
  file("earlier", "x", { modified: { seconds: -86_400, nanoseconds: 0 } }),
  file("just-before", "x", { modified: { seconds: -1, nanoseconds: 999_999_999 } }),
  file("late", "x", { modified: { seconds: 0o777_7777_7777 + 1, nanoseconds: 0 } }),
  file("xattrs", "x", {
    xattrs: new Map([
      ["security.capability", Uint8Array.of(1, 0, 0, 2, 0x0a, 0x3d, 0xff)],
      ["user.a=b%c", Buffer.from("value")],
      ["user.empty", new Uint8Array()],
    ]),
  }),
  special({ kind: "directory", path: "acl", xattrs: new Map([["user.x", Buffer.from("y")]]) }),
];

describe("what is written is read back", () => {
  test("kinds and names", async () => {
    const { actual, expected } = await roundTrip(ALL);
    expect(actual).toEqual(expected);
  });

  test("ids, times, extended attributes", async () => {
    const { actual, expected } = await roundTrip(FACTS);
    expect(actual).toEqual(expected);
  });

  test("sparse files", async () => {
    const segments = [
      { offset: 4096, length: 512 },
      { offset: 1_024_000, length: 1024 },
      { offset: 5_000_000_000, length: 0 },
    ];
    const many = Array.from({ length: 200 }, (_, index) => ({
      offset: index * 8192,
      length: 512,
    }));
    const { actual, expected } = await roundTrip([
      file("sparse", "abc".repeat(512), { size: 5_000_000_000, segments }),
      file("hole", "", { size: 1 << 20, segments: [{ offset: 1 << 20, length: 0 }] }),
      file("many", "y".repeat(200 * 512), { size: 200 * 8192, segments: many }),
      file(`${LONG}${"s".repeat(90)}`, "z".repeat(9), {
        size: 521,
        segments: [{ offset: 512, length: 9 }],
      }),
      file("after", "the next entry"),
    ]);
    expect(actual).toEqual(expected);
  });

  test("random entries", async () => {
    const random = seededRandom(4);
    const below = (count: number): number => Math.floor(random() * count);
    const text = (length: number): string =>
      String.fromCharCode(...Array.from({ length }, () => 1 + below(255)));
    const items = Array.from({ length: 300 }, (_, index) =>
      file(`${index}${text(below(300)).replaceAll("/", "-")}`, text(below(2000)), {
        mode: below(0o10000),
        uid: below(2 ** 32 - 1),
        gid: below(2 ** 32 - 1),
        modified: { seconds: below(2 ** 40) - 2 ** 39, nanoseconds: below(1_000_000_000) },
      }),
    );
    const { actual, expected } = await roundTrip(items);
    expect(actual).toEqual(expected);
  });
});

test("the same entries give the same bytes, in whatever order attributes come", async () => {
  const xattrs = [
    ["user.b", Buffer.from("2")],
    ["user.a", Buffer.from("1")],
  ] as const;
  const one = await write([file("f", "x", { xattrs: new Map(xattrs) })]);
  const other = await write([file("f", "x", { xattrs: new Map([...xattrs].reverse()) })]);
  expect(one.equals(other)).toBe(true);
});

test("more than 8 GiB: the size stands in a pax record", () => {
  const size = 0o777_7777_7777 + 1;
  const { blocks, contentBytes } = encodeEntry({ ...PLAIN, size });
  expect(contentBytes).toBe(size);
  let read = 0;
  const reader = new TarReader({
    begin(entry) {
      read = entry.size;
    },
    data() {
      // There is none here.
    },
    end() {
      // Nor does it end.
    },
  });
  reader.push(blocks);
  expect(read).toBe(size);
  expect(blocks.toString("latin1")).toContain(`19 size=${size}\n`);
});

test.each([
  ["", "it has 0 bytes instead of 3"],
  ["ab", "it has 2 bytes instead of 3"],
  ["abcd", "it has 4 bytes instead of 3"],
])("content of another length is refused: %p", async (content, reason) => {
  const item = { entry: { ...PLAIN, size: 3 }, content };
  const error = await write([item]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OcicatError);
  expect(String(error)).toContain(`archive "file": ${reason}`);
});

describe("other readers", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-tar-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const isRoot = process.getuid?.() === 0;
  const items = [
    ...ALL,
    ...FACTS.filter(({ entry }) => !entry.xattrs.has("security.capability")),
    file("sparse", "abcd".repeat(256), {
      size: 3_000_000,
      segments: [
        { offset: 8192, length: 512 },
        { offset: 2_048_000, length: 512 },
      ],
    }),
  ];

  async function extract(name: string, command: (archive: string) => readonly string[]) {
    const archive = join(folder, `${name}.tar`);
    writeFileSync(archive, await write(items));
    const target = join(folder, name);
    mkdirSync(target);
    const child = Bun.spawnSync([...command(archive)], { cwd: target, stderr: "pipe" });
    expect({ code: child.exitCode, errors: child.stderr.toString() }).toMatchObject({ code: 0 });
    return treeFacts(target, { without: ["root"] });
  }

  function expectTree(facts: Record<string, string>): void {
    expect(facts["dir/file"]).toContain("mode=104755 owner=1000:2000 mtime=1000000000000000000");
    expect(facts[`${LONG}name`]).toContain("size=9");
    expect(facts["long"]).toEndWith(`target=/${LONG}`);
    expect(facts["hard"]).toContain("links=dir/file,hard");
    expect(facts["disk"]).toContain("mode=60644");
    expect(facts["fifo"]).toContain("mode=10644");
    expect(facts["caf\xe9"]).toContain("size=23");
    expect(facts["\xff".repeat(200)]).toContain("size=28");
    expect(facts["ids"]).toContain("owner=4294967294:2097152");
    expect(facts["nano"]).toContain("mtime=1700000000000000001");
    const sparse = Buffer.alloc(3_000_000);
    sparse.write("abcd".repeat(128), 8192);
    sparse.write("abcd".repeat(128), 2_048_000);
    const digest = new Bun.CryptoHasher("sha256").update(sparse).digest("hex").slice(0, 16);
    expect(facts["sparse"]).toContain(`size=3000000 sha256=${digest}`);
  }

  test.skipIf(!isRoot || Bun.which("tar") === null)("GNU tar", async () => {
    const facts = await extract("gnu", (path) => ["tar", "--xattrs", "-xpf", path]);
    expectTree(facts);
    // bsdtar adds the fraction of a negative time instead of taking it away.
    expect(facts["early"]).toContain("mtime=-1250000000");
    expect(facts["acl"]).toContain("user.x=79");
  });

  test.skipIf(!isRoot || Bun.which("bsdtar") === null)("bsdtar", async () => {
    const facts = await extract("bsd", (path) => ["bsdtar", "--numeric-owner", "-xpf", path]);
    expectTree(facts);
    expect(facts["acl"]).toContain("user.x=79");
  });

  test.skipIf(!isRoot || Bun.which("python3") === null)("Python's tarfile", async () => {
    const script = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(numeric_owner=True)";
    const facts = await extract("python", (path) => ["python3", "-c", script, path]);
    expect(facts[`${LONG}name`]).toContain("size=9");
    expect(facts["\xff".repeat(200)]).toContain("size=28");
    expect(facts["sparse"]).toContain("size=3000000");
    expect(readFileSync(join(folder, "python", "more"), "utf8")).toBe("m".repeat(513));
  });
});
