// A store on a file system that is full, or becomes full at any moment: an operation ends as it should or
// says that there is no room, the store stays sound, and with room again it all works.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { checkStore } from "../../src/image/content/check.ts";
import { collectGarbage } from "../../src/image/content/collect-garbage.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { chunksOf, contentOf, layerDescriptor } from "../../src/image/content/store.fixture.ts";
import { useStore } from "./store-process.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const DISK_BYTES = 12 * 1024 * 1024;
const BLOCK_BYTES = 1024;

let folder = "";
let disk = "";
let root = "";

function must(...command: string[]): void {
  const result = Bun.spawnSync(command, { stderr: "pipe" });
  expect(result.exitCode, `${command.join(" ")}: ${result.stderr}`).toBe(0);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-full-disk-"));
  disk = join(folder, "disk");
  root = join(disk, "store");
  mkdirSync(disk);
  writeFileSync(join(folder, "image"), "");
  truncateSync(join(folder, "image"), DISK_BYTES);
  must("mkfs.ext4", "-q", "-m", "0", "-b", String(BLOCK_BYTES), join(folder, "image"));
  must("mount", "-o", "loop", join(folder, "image"), disk);
});

afterEach(() => {
  must("umount", disk);
  rmSync(folder, { recursive: true });
});

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
}

/** Takes all room but about `rest` bytes. */
function fill(rest: number): void {
  const ballast = join(disk, "ballast");
  for (let wanted = freeBytes() - rest; wanted > 0; wanted = freeBytes() - rest) {
    try {
      appendFileSync(ballast, new Uint8Array(Math.min(wanted, 256 * 1024)));
    } catch {
      return;
    }
  }
}

function makeRoom(): void {
  rmSync(join(disk, "ballast"), { force: true });
}

async function expectSound(): Promise<void> {
  using store = new ContentStore(root);
  expect((await checkStore(store)).filter(({ severity }) => severity === "damaged")).toEqual([]);
}

/** The error's code, or "done". */
async function endOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return "done";
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
    return error instanceof OcicatError ? error.code : "";
  }
}

describe.skipIf(NEEDS_ROOT)("as root, on a small disk", () => {
  test("a blob that can't fit is refused before it is downloaded", async () => {
    using store = new ContentStore(root);
    const content = contentOf(3_000_000);
    fill(1_000_000);
    let opened = false;
    const request = {
      descriptor: layerDescriptor(content),
      open: (offset: number) => {
        opened = true;
        return chunksOf(content, offset);
      },
    };
    await expect(store.ingest(request)).rejects.toThrow(/it needs 3000000 bytes, .* left$/);
    expect(opened).toBe(false);
    makeRoom();
    expect(await store.ingest(request)).toBe("new");
  });

  test("a disk that others fill meanwhile: the blob is given up, and its room is free again", async () => {
    using store = new ContentStore(root);
    const content = contentOf(5_000_000);
    const descriptor = layerDescriptor(content);
    const request = { descriptor, open: (offset: number) => chunksOf(content, offset) };
    const before = freeBytes();
    const filling = { ...request, onChunk: () => fill(500_000) };
    await expect(store.ingest(filling)).rejects.toThrow(
      `write the blob ${descriptor.digest}: no space left on device (ENOSPC)`,
    );
    makeRoom();
    expect(freeBytes()).toBeGreaterThan(before - 100_000);
    await expectSound();
    expect(await store.ingest(request)).toBe("new");
  });

  test("with any rest of room an operation is done or says that there is none", async () => {
    await useStore(root);
    const ends = new Set<string>();
    for (let rest = 0; rest < 1_200_000; rest = rest * 1.3 + 3 * BLOCK_BYTES) {
      fill(rest);
      ends.add(await endOf(() => useStore(root)));
      await expectSound();
      makeRoom();
      using store = new ContentStore(root);
      await collectGarbage(store);
    }
    expect([...ends].toSorted()).toEqual(["done", "exhausted"]);
    await useStore(root);
    using store = new ContentStore(root);
    await collectGarbage(store, { partialAgeMs: 0 });
    expect(await checkStore(store)).toEqual([]);
  });

  test("a full disk can be made empty: images go without any room", async () => {
    await useStore(root);
    using store = new ContentStore(root);
    fill(0);
    expect(freeBytes()).toBe(0);
    for (const { descriptor } of store.names()) {
      await store.removeDescriptors(descriptor.digest);
    }
    const { bytes } = await collectGarbage(store);
    expect(bytes).toBeGreaterThan(600_000);
    expect(store.names()).toEqual([]);
    expect(await checkStore(store)).toEqual([]);
  });
});
