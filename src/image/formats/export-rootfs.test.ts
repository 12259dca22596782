import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { named } from "../../../test/fixtures/image-layout.ts";
import { archive } from "../../../test/fixtures/tar-archive.ts";
import { treeFacts } from "../../../test/fixtures/tree-facts.ts";
import { trySetXattr } from "../../sys/xattr.ts";
import { BRING_IN, errorOf, HOST, TestPlace } from "./archives.fixture.ts";
import { wholeBlocks } from "./export-item.ts";
import { exportFolders, exportImage } from "./export-rootfs.ts";
import { importRootfs } from "./import-rootfs.ts";
import { loadArchive } from "./load-archive.ts";

const isRoot = process.getuid?.() === 0;

function extract(place: TestPlace, tar: string, name: string): Record<string, string> {
  mkdirSync(place.path(name));
  const command = ["tar", "--xattrs", "--xattrs-include=*", "-xpf", place.path(tar)];
  const child = Bun.spawnSync(command, { cwd: place.path(name), stderr: "pipe" });
  expect({ code: child.exitCode, errors: child.stderr.toString() }).toEqual({
    code: 0,
    errors: "",
  });
  return treeFacts(place.path(name));
}

/** Everything that a root file system may have. */
function fillRoot(root: string): void {
  const path = (name: string): string => `${root}/${name}`;
  mkdirSync(path("bin"), { recursive: true });
  mkdirSync(path("deep/er"), { recursive: true, mode: 0o2750 });
  writeFileSync(path("bin/tool"), "x".repeat(2000));
  chownSync(path("bin/tool"), 1000, 70_000);
  chmodSync(path("bin/tool"), 0o4755);
  linkSync(path("bin/tool"), path("deep/er/same"));
  linkSync(path("bin/tool"), path("another"));
  symlinkSync("../bin/tool", path("deep/link"));
  symlinkSync("/nowhere", path("dangling"));
  writeFileSync(Buffer.from(`${root}/caf\xe9`, "latin1"), "not UTF-8");
  writeFileSync(path("empty"), "");
  const sparse = openSync(path("sparse"), "w");
  ftruncateSync(sparse, 9_000_001);
  writeSync(sparse, Buffer.alloc(100_000, "s"), 0, 100_000, 4_000_000);
  closeSync(sparse);
  const holes = openSync(path("holes"), "w");
  ftruncateSync(holes, 1_000_000);
  closeSync(holes);
  const file = openSync(path("attributes"), "w");
  expect(trySetXattr(file, "user.key", Buffer.from("value"))).toBe(0);
  closeSync(file);
  utimesSync(path("empty"), 1_500_000_000.25, 1_500_000_000.25);
  Bun.spawnSync(["mkfifo", path("fifo")]);
  if (isRoot) {
    Bun.spawnSync(["mknod", path("device"), "b", "259", "300000"]);
    Bun.spawnSync(["mknod", path("null"), "c", "1", "3"]);
  }
}

describe.skipIf(!isRoot)("all facts of a file system", () => {
  test("of a folder, and of an image that was made of its archive", async () => {
    using place = new TestPlace();
    mkdirSync(place.path("root"), { mode: 0o751 });
    fillRoot(place.path("root"));
    const expected = treeFacts(place.path("root"));
    await exportFolders([place.path("root")], { kind: "path", path: place.path("folder.tar") });
    expect(extract(place, "folder.tar", "from-folder")).toEqual(expected);
    expect(statSync(place.path("from-folder/sparse")).blocks).toBeLessThan(1000);
    expect(statSync(place.path("folder.tar")).size).toBeLessThan(300_000);

    const store = place.store();
    const input = { kind: "path", path: place.path("folder.tar") } as const;
    const { descriptor } = await importRootfs(store, input, BRING_IN);
    const output = { kind: "path", path: place.path("image.tar") } as const;
    await exportImage(store, descriptor, output, { platform: HOST });
    expect(extract(place, "image.tar", "from-image")).toEqual(expected);
    const one = readFileSync(place.path("folder.tar"));
    expect(one.equals(readFileSync(place.path("image.tar")))).toBe(true);
  });
});

test("layers are merged: whiteouts, links into lower layers, replaced and implied directories", async () => {
  using place = new TestPlace();
  const layout = place.layout();
  const layers = [
    archive(
      { name: "etc/", type: "5", mode: 0o700 },
      { name: "etc/kept", data: "kept" },
      { name: "etc/removed", data: "removed" },
      { name: "etc/replaced", data: "old" },
      { name: "opaque/", type: "5", mode: 0o755 },
      { name: "opaque/hidden", data: "hidden" },
    ),
    archive(
      { name: "etc/.wh.removed" },
      { name: "opaque/.wh..wh..opq" },
      { name: "opaque/shown", data: "shown" },
      { name: "link", type: "1", link: "etc/kept" },
      { name: "etc/replaced", data: "new" },
    ),
  ];
  layout.setIndex([named(layout.addImage({ layers }), "localhost/merged:1")]);
  const store = place.store();
  const input = { kind: "path", path: layout.folder } as const;
  const [image] = await loadArchive(store, input, BRING_IN);
  if (image === undefined) {
    throw new Error("nothing was loaded");
  }
  const output = { kind: "path", path: place.path("out.tar") } as const;
  await exportImage(store, image.descriptor, output, { platform: HOST });
  const list = Bun.spawnSync(["tar", "-tf", place.path("out.tar")]).stdout.toString();
  expect(list.trim().split("\n")).toEqual([
    "./",
    "etc/",
    "etc/kept",
    "etc/replaced",
    "link",
    "opaque/",
    "opaque/shown",
  ]);
  const show = (name: string) =>
    Bun.spawnSync(["tar", "-xOf", place.path("out.tar"), name]).stdout.toString();
  expect([show("etc/kept"), show("etc/replaced"), show("opaque/shown")]).toEqual([
    "kept",
    "new",
    "shown",
  ]);
  const verbose = Bun.spawnSync(["tar", "-tvf", place.path("out.tar"), "link", "etc/"]);
  expect(verbose.stdout.toString()).toMatch(
    /^drwx------.* etc\/\n(.*\n)*hrw-.* link link to etc\/kept\n$/,
  );
  expect(readdirSync(`${store.root}/staging`).filter((name) => !name.startsWith("lease"))).toEqual(
    [],
  );
});

test("sparse files of archives that cut them anywhere keep their content", async () => {
  using place = new TestPlace();
  const data = "abcdefghij";
  const pax = {
    "GNU.sparse.size": "5000",
    "GNU.sparse.numblocks": "3",
    "GNU.sparse.map": "100,3,1500,2,4995,5",
  };
  const path = place.archive("in.tar", { name: "sparse", data, pax }, { name: "next", data: "x" });
  const store = place.store();
  const { descriptor } = await importRootfs(store, { kind: "path", path }, BRING_IN);
  const output = { kind: "path", path: place.path("out.tar") } as const;
  await exportImage(store, descriptor, output, { platform: HOST });
  const expected = Buffer.alloc(5000);
  expected.write("abc", 100);
  expected.write("de", 1500);
  expected.write("fghij", 4995);
  const { stdout } = Bun.spawnSync(["tar", "-xOf", place.path("out.tar"), "sparse"]);
  expect(stdout.equals(expected)).toBe(true);
});

test("sockets are left out, with a note", async () => {
  using place = new TestPlace();
  mkdirSync(place.path("root"));
  using server = Bun.listen({ unix: place.path("root/socket"), socket: { data: () => undefined } });
  expect(server.unix).toBe(place.path("root/socket"));
  const { onEvent } = place;
  const output = { kind: "path", path: place.path("out.tar") } as const;
  await exportFolders([place.path("root")], output, { onEvent });
  expect(place.events).toEqual([
    { kind: "note", text: '"/socket" is a socket, which archives do not have' },
  ]);
});

test("an export that is interrupted leaves nothing", async () => {
  using place = new TestPlace();
  mkdirSync(place.path("root"));
  const output = { kind: "path", path: place.path("out.tar") } as const;
  const options = { signal: AbortSignal.abort() };
  expect(await errorOf(exportFolders([place.path("root")], output, options))).toContain(
    "cancelled",
  );
  expect(readdirSync(place.folder)).toEqual(["root"]);
});

test.each([
  [[], []],
  [[[0, 10]], [[0, 512]]],
  [[[600, 1]], [[512, 512]]],
  [
    [
      [100, 10],
      [500, 100],
    ],
    [[0, 1024]],
  ],
  [
    [
      [100, 10],
      [1500, 10],
    ],
    [
      [0, 512],
      [1024, 512],
    ],
  ],
  [[[4990, 10]], [[4608, 392]]],
  [[[0, 5000]], [[0, 5000]]],
  [
    [
      [10, 0],
      [5000, 0],
    ],
    [],
  ],
] as const)("segments of whole blocks: %j", (segments, expected) => {
  const pairs = segments.map(([offset, length]) => ({ offset, length }));
  const whole = wholeBlocks(pairs, 5000).map(({ offset, length }) => [offset, length]);
  expect(whole).toEqual(expected.map(([offset, length]) => [offset, length]));
});

test("an export of many files notices that it is to end, though its output never waits", async () => {
  using place = new TestPlace();
  mkdirSync(place.path("root"));
  for (let number = 0; number < 1200; number += 1) {
    writeFileSync(place.path(`root/${number}`), "");
  }
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 0);
  const output = { kind: "path", path: place.path("out.tar") } as const;
  const { signal } = controller;
  const error = await errorOf(exportFolders([place.path("root")], output, { signal }));
  clearTimeout(timer);
  expect(error).toContain("cancelled");
});
