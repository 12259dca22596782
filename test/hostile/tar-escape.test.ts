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
import { ATTACKS } from "../fixtures/layer-attacks.ts";
import { archive } from "../fixtures/tar-archive.ts";
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
