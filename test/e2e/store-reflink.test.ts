// On a file system that can share blocks, a blob of another image layout takes no room of its own, and
// nothing that is done to that layout reaches it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkStore } from "../../src/image/content/check.ts";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { chunksOf, contentOf, layerDescriptor } from "../../src/image/content/store.fixture.ts";
import { must } from "../../tools/peers/command.ts";

const isMissing = process.getuid?.() !== 0 || Bun.which("mkfs.btrfs") === null;
const BLOB_BYTES = 16 * 1024 * 1024;

let folder = "";
let disk = "";

describe.skipIf(isMissing)("as root, on btrfs", () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-reflink-"));
    disk = join(folder, "disk");
    mkdirSync(disk);
    writeFileSync(join(folder, "image"), "");
    truncateSync(join(folder, "image"), 256 * 1024 * 1024);
    await must(["mkfs.btrfs", "-q", join(folder, "image")]);
    await must(["mount", "-o", "loop", join(folder, "image"), disk]);
  });

  afterAll(async () => {
    await must(["umount", disk]);
    rmSync(folder, { recursive: true });
  });

  async function freeBytes(): Promise<number> {
    await must(["sync", "--file-system", disk]);
    const { bfree, bsize } = statfsSync(disk);
    return bfree * bsize;
  }

  test("a blob is taken by its blocks; its inode is its own", async () => {
    const content = contentOf(BLOB_BYTES);
    const localPath = join(disk, "blob");
    // Others may write to it: an inode that could not be shared.
    writeFileSync(localPath, content, { mode: 0o666 });
    using store = new ContentStore(join(disk, "store"));
    const before = await freeBytes();
    const request = {
      descriptor: layerDescriptor(content),
      localPath,
      open: () => chunksOf(contentOf(BLOB_BYTES, 2)),
    };
    expect(await store.ingest(request)).toBe("new");
    expect(before - (await freeBytes())).toBeLessThan(BLOB_BYTES / 4);
    writeFileSync(localPath, "something else");
    expect(await checkStore(store)).toEqual([]);
    expect(store.blobSize(request.descriptor.digest)).toBe(BLOB_BYTES);
  });
});
