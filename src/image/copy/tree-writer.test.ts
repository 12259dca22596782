import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_NO_SYMLINKS } from "../../abi/file.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import type { NewTarEntry } from "../tar/encode-entry.ts";
import { TarReader } from "../tar/reader.ts";
import { TarWriter } from "../tar/tar-writer.ts";
import { TreeWriter } from "./tree-writer.ts";

const OURS = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
const outer = mkdtempSync(join(tmpdir(), "tree-writer-"));
const root = join(outer, "root");

afterAll(() => rmSync(outer, { recursive: true }));
beforeEach(() => {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "into"), { recursive: true });
});

function entry(path: string, more: Partial<NewTarEntry> = {}): NewTarEntry {
  return {
    kind: "file",
    path,
    linkTarget: "",
    mode: 0o640,
    uid: OURS.uid,
    gid: OURS.gid,
    size: 0,
    modified: { seconds: 1_000_000, nanoseconds: 5 },
    device: { major: 0, minor: 0 },
    xattrs: new Map(),
    ...more,
  };
}

const text = (path: string, content: string): readonly [NewTarEntry, string] => [
  entry(path, { size: content.length }),
  content,
];
const link = (path: string, linkTarget: string): readonly [NewTarEntry, string] => [
  entry(path, { kind: "symlink", linkTarget, mode: 0o777 }),
  "",
];
const folder = (path: string): readonly [NewTarEntry, string] => [
  entry(path, { kind: "directory", mode: 0o750 }),
  "",
];

/** As into a container, or as into a folder of the host. */
async function write(
  bound: "container" | "host",
  entries: readonly (readonly [NewTarEntry, string])[],
  { overwrites = false, keepsDevices = false } = {},
): Promise<void> {
  using fd = new OwnedFd(
    open(bound === "container" ? root : join(root, "into"), hostArchitecture.openFlags.O_DIRECTORY),
  );
  const place =
    bound === "container"
      ? { folder: "into", resolve: RESOLVE_IN_ROOT }
      : { folder: "", resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
  using writer = new TreeWriter(
    { fd: fd.number, ...place },
    { owner: OURS, canChown: OURS.uid === 0, overwrites, keepsDevices },
  );
  const reader = new TarReader(writer);
  const tar = new TarWriter((chunk) => reader.push(chunk));
  for (const [each, content] of entries) {
    await tar.add(each, [Buffer.from(content)]);
  }
  await tar.finish();
  reader.finish();
  writer.finish();
}

const inside = (path: string) => join(root, "into", path);

test("files, folders and links, with modes and times; folders that are not mentioned", async () => {
  await write("host", [
    folder("a"),
    text("a/file", "text"),
    [entry("a/hard", { kind: "hard-link", linkTarget: "a/file" }), ""],
    link("a/link", "file"),
    [entry("a/pipe", { kind: "fifo", mode: 0o600 }), ""],
    text("not/mentioned/file", "more"),
  ]);
  expect(readFileSync(inside("a/link"), "utf8")).toBe("text");
  expect(statSync(inside("a/hard")).ino).toBe(statSync(inside("a/file")).ino);
  expect(statSync(inside("a/file")).mode & 0o7777).toBe(0o640);
  expect(statSync(inside("a")).mode & 0o7777).toBe(0o750);
  expect(Math.floor(statSync(inside("a")).mtimeMs / 1000)).toBe(1_000_000);
  expect(lstatSync(inside("a/pipe")).isFIFO()).toBe(true);
  expect(readFileSync(inside("not/mentioned/file"), "utf8")).toBe("more");
});

test("setuid is not kept for another owner", async () => {
  await write("host", [[entry("program", { mode: 0o6755 }), ""]]);
  expect(statSync(inside("program")).mode & 0o7777).toBe(0o755);
});

test("a file gives way to another, and a link to a file is not written through", async () => {
  writeFileSync(join(outer, "precious"), "untouched");
  symlinkSync(join(outer, "precious"), inside("file"));
  await write("host", [text("file", "new")]);
  expect(readFileSync(inside("file"), "utf8")).toBe("new");
  expect(readFileSync(join(outer, "precious"), "utf8")).toBe("untouched");
});

test.skipIf(OURS.uid !== 0)("as root: no file takes the place of a device", async () => {
  const device = entry("null", { kind: "character-device", device: { major: 1, minor: 3 } });
  await write("host", [[device, ""]]);
  for (const each of [text("null", "x"), link("null", "file")]) {
    const attempt = write("host", [each], { keepsDevices: true, overwrites: true });
    await expect(attempt).rejects.toThrow('copy "null": a device is there');
  }
  expect(lstatSync(inside("null")).isCharacterDevice()).toBe(true);
  await write("host", [text("null", "x")]);
  expect(lstatSync(inside("null")).isFile()).toBe(true);
});

describe("what leads out", () => {
  test("on the host no link on the way is followed, the archive's own neither", async () => {
    const attempt = write("host", [link("up", ".."), text("up/escaped", "x")]);
    await expect(attempt).rejects.toThrow("open the directory");
    expect(existsSync(join(root, "escaped"))).toBe(false);
    symlinkSync(outer, inside("out"));
    await expect(write("host", [text("out/escaped", "x")])).rejects.toThrow("open the directory");
    expect(existsSync(join(outer, "escaped"))).toBe(false);
  });

  test("in a container links lead inside its root", async () => {
    symlinkSync("/../../../into", inside("out"));
    await write("container", [text("out/file", "x"), text("../../climbing", "y")]);
    expect(readFileSync(inside("file"), "utf8")).toBe("x");
    expect(readFileSync(inside("climbing"), "utf8")).toBe("y");
    expect(readlinkSync(inside("out"))).toBe("/../../../into");
  });

  test("hard links", async () => {
    writeFileSync(join(outer, "precious"), "untouched");
    const hard = (target: string) => entry("hard", { kind: "hard-link", linkTarget: target });
    await expect(write("host", [[hard("../../precious"), ""]])).rejects.toThrow("make the hard");
    symlinkSync(outer, inside("out"));
    await expect(write("host", [[hard("out/precious"), ""]])).rejects.toThrow("open the directory");
    expect(existsSync(inside("hard"))).toBe(false);
  });
});

test("a folder and something else do not replace each other", async () => {
  mkdirSync(inside("folder"));
  writeFileSync(inside("file"), "");
  await expect(write("host", [text("folder", "x")])).rejects.toThrow("a directory is there");
  await expect(write("host", [folder("file")])).rejects.toThrow("not a directory is there");
});

test("unless they are to; a link in the way is removed, not followed", async () => {
  mkdirSync(join(outer, "elsewhere"), { recursive: true });
  writeFileSync(join(outer, "elsewhere/kept"), "");
  mkdirSync(inside("folder/deep"), { recursive: true });
  symlinkSync(join(outer, "elsewhere"), inside("folder/deep/link"));
  symlinkSync(join(outer, "elsewhere"), inside("file"));
  const entries = [text("folder", "x"), folder("file"), text("file/inner", "y")];
  await write("host", entries, { overwrites: true });
  expect(readFileSync(inside("folder"), "utf8")).toBe("x");
  expect(readFileSync(inside("file/inner"), "utf8")).toBe("y");
  expect(existsSync(join(outer, "elsewhere/kept"))).toBe(true);
  expect(existsSync(join(outer, "elsewhere/inner"))).toBe(false);
});
