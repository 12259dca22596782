// Layers that try to reach outside the folder that they are unpacked into. Each attack first hits a
// naive unpacker, which joins names to the folder and lets the kernel follow links: there it must have
// an effect, or the test would prove nothing. Ours may refuse the layer or keep it inside; outside
// nothing changes.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import type { TarEntry } from "../../src/image/tar/entry.ts";
import { TarReader } from "../../src/image/tar/reader.ts";
import { archive, entry, type TarFields } from "../fixtures/tar-archive.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";
import { unpackLayers } from "../fixtures/unpacked-layers.ts";

const isRoot = process.geteuid?.() === 0;

let sandbox = "";
/** What must not change. */
let outside = "";

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-tar-"));
  outside = join(sandbox, "outside");
  mkdirSync(join(outside, "folder"), { recursive: true });
  writeFileSync(join(outside, "secret"), "untouched");
  writeFileSync(join(outside, "folder", "keep"), "untouched");
  utimesSync(join(outside, "folder"), 1000, 1000);
  chmodSync(join(outside, "folder"), 0o700);
});

afterEach(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

type Layer = readonly (TarFields | Buffer)[];

interface Attack {
  readonly name: string;
  /** The base layer first. */
  layers(outside: string): readonly Layer[];
}

const file = (name: string): TarFields => ({ name, data: "pwned" });
const symlink = (name: string, link: string): TarFields => ({ name, type: "2", link });
const hardLink = (name: string, link: string): TarFields => ({ name, type: "1", link });
const directory = (name: string, mode = 0o755): TarFields => ({ name, type: "5", mode });
const oneLayer =
  (make: (outside: string) => Layer): Attack["layers"] =>
  (folder) => [make(folder)];

const ATTACKS: readonly Attack[] = [
  { name: "dot-dot", layers: oneLayer(() => [file("../../../outside/new")]) },
  { name: "dot-dot inside", layers: oneLayer(() => [file("a/../../../../outside/new")]) },
  { name: "an absolute path", layers: oneLayer((to) => [file(`${to}/new`)]) },
  {
    name: "dot-dot in a pax path",
    layers: oneLayer(() => [{ ...file("a"), pax: { path: "../../../outside/new" } }]),
  },
  {
    name: "dot-dot in a GNU long name",
    layers: oneLayer(() => [
      entry({ name: "L", type: "L", data: "../../../outside/new\0" }),
      file("a"),
    ]),
  },
  {
    name: "through an absolute link",
    layers: oneLayer((to) => [symlink("x", to), file("x/new")]),
  },
  {
    name: "through a relative link",
    layers: oneLayer(() => [symlink("x", "../../../outside"), file("x/new")]),
  },
  {
    name: "through a link in a directory",
    layers: oneLayer(() => [
      directory("a"),
      symlink("a/x", "../../../../outside"),
      file("a/x/new"),
    ]),
  },
  {
    name: "through a chain of links",
    layers: oneLayer((to) => [symlink("b", to), symlink("a", "b"), file("a/folder/new")]),
  },
  {
    name: "through a link to the parent",
    layers: oneLayer(() => [symlink("x", ".."), file("x/../../outside/new")]),
  },
  {
    name: "through a link below a link",
    layers: oneLayer((to) => [
      directory("real"),
      symlink("real/x", to),
      symlink("alias", "real"),
      file("alias/x/new"),
    ]),
  },
  {
    name: "overwriting what a link points at",
    layers: oneLayer((to) => [symlink("x", `${to}/secret`), file("x")]),
  },
  {
    name: "creating what a dangling link points at",
    layers: oneLayer((to) => [symlink("x", `${to}/new`), file("x")]),
  },
  {
    name: "a file, a link, a file of one name",
    layers: oneLayer((to) => [file("x"), symlink("x", `${to}/secret`), file("x")]),
  },
  {
    name: "hard link to an absolute path",
    layers: oneLayer((to) => [hardLink("h", `${to}/secret`), file("h")]),
  },
  {
    name: "hard link by dot-dot",
    layers: oneLayer(() => [hardLink("h", "../../../outside/secret"), file("h")]),
  },
  {
    name: "hard link through a link, then written",
    layers: oneLayer((to) => [symlink("x", to), hardLink("h", "x/secret"), file("h")]),
  },
  {
    name: "hard link made through a link",
    layers: oneLayer((to) => [file("f"), symlink("x", to), hardLink("x/new", "f")]),
  },
  {
    name: "hard link to a link, then written",
    layers: oneLayer((to) => [symlink("s", `${to}/secret`), hardLink("h", "s"), file("h")]),
  },
  {
    name: "link made through a link",
    layers: oneLayer((to) => [symlink("x", to), symlink("x/new", "anything")]),
  },
  {
    name: "directory made through a link",
    layers: oneLayer((to) => [symlink("x", to), directory("x/new")]),
  },
  {
    name: "a directory entry that changes the mode behind a link",
    layers: oneLayer((to) => [symlink("x", `${to}/folder`), directory("x", 0o777)]),
  },
  {
    name: "a directory that becomes a link, then gets an entry",
    layers: oneLayer((to) => [directory("d"), file("d/a"), symlink("d", to), file("d/new")]),
  },
  {
    name: "a directory that becomes a link before modes and times are set",
    layers: oneLayer((to) => [directory("d", 0o777), symlink("d", `${to}/folder`)]),
  },
  {
    name: "a parent that becomes a link before modes and times are set",
    layers: oneLayer((to) => [directory("d"), directory("d/folder", 0o777), symlink("d", to)]),
  },
  {
    name: "whiteout through a link",
    layers: oneLayer((to) => [symlink("x", to), file("x/.wh.secret")]),
  },
  {
    name: "opaque mark through a link",
    layers: oneLayer((to) => [symlink("x", to), file("x/.wh..wh..opq")]),
  },
  {
    name: "whiteout of dot-dot",
    layers: oneLayer(() => [directory("d"), file("d/../../../.wh...")]),
  },
  {
    name: "a link of the layer below, then an entry",
    layers: (to) => [[symlink("x", to)], [file("x/new")]],
  },
  {
    name: "a link of the layer below, then a whiteout",
    layers: (to) => [[symlink("x", to)], [file("x/.wh.secret")]],
  },
  {
    name: "a link of the layer below, then a hard link into it",
    layers: (to) => [[symlink("x", to)], [hardLink("h", "x/secret"), file("h")]],
  },
  {
    name: "a directory of the layer below that this one makes a link",
    layers: (to) => [
      [directory("d"), file("d/a")],
      [symlink("d", to), file("d/new")],
    ],
  },
];

describe("naive unpackers are hit, ours is not", () => {
  test.skipIf(!isRoot).each(ATTACKS.map((attack) => [attack.name, attack] as const))(
    "%s",
    async (_, attack) => {
      const layers = attack.layers(outside).map((parts) => archive(...parts));
      const before = outsideFacts();
      await expectInside(layers);
      expect(outsideFacts()).toEqual(before);

      const target = join(sandbox, "naive", "0", "fs");
      mkdirSync(target, { recursive: true });
      for (const layer of layers) {
        naiveUnpack(layer, target);
      }
      expect(outsideFacts()).not.toEqual(before);
    },
  );
});

async function expectInside(layers: readonly Buffer[]): Promise<void> {
  try {
    await unpackLayers(join(sandbox, "ours"), layers);
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
  }
  expect(existsSync(join(sandbox, "ours"))).toBe(true);
}

function outsideFacts(): Record<string, string> {
  return existsSync(outside) ? treeFacts(outside) : {};
}

/** What unpackers did before they were attacked: see the head of this file. */
function naiveUnpack(content: Buffer, target: string): void {
  const inTarget = (path: string): string => (path.startsWith("/") ? path : `${target}/${path}`);
  const directories: TarEntry[] = [];
  let current: { path: string; data: Buffer[] } | undefined;
  const reader = new TarReader({
    begin(item) {
      const path = inTarget(item.path);
      current = undefined;
      if (basename(path).startsWith(".wh.")) {
        naiveWhiteout(path);
        return;
      }
      mkdirSync(dirname(path), { recursive: true });
      switch (item.kind) {
        case "file":
          current = { path, data: [] };
          break;
        case "directory":
          mkdirSync(path, { recursive: true });
          directories.push(item);
          break;
        case "symlink":
          rmSync(path, { recursive: true, force: true });
          symlinkSync(item.linkTarget, path);
          break;
        case "hard-link":
          rmSync(path, { recursive: true, force: true });
          linkSync(inTarget(item.linkTarget), path);
          break;
        default:
          throw new Error(`${item.kind} is not part of this model`);
      }
    },
    data(chunk) {
      current?.data.push(Buffer.from(chunk));
    },
    end() {
      if (current !== undefined) {
        writeFileSync(current.path, Buffer.concat(current.data));
      }
    },
  });
  reader.push(content);
  reader.finish();
  for (const item of directories.filter(({ path }) => existsSync(inTarget(path)))) {
    chmodSync(inTarget(item.path), item.mode);
    utimesSync(inTarget(item.path), item.modified.seconds, item.modified.seconds);
  }
}

function naiveWhiteout(path: string): void {
  const hidden = basename(path).slice(".wh.".length);
  const gone = hidden === ".wh..opq" ? `${dirname(path)}/secret` : `${dirname(path)}/${hidden}`;
  rmSync(resolve(gone), { recursive: true, force: true });
}
