import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Disk, makeEmptyDisk, removeUnfinishedDisks } from "./disk.ts";

test("a disk has no name, and a child writes to it all the same", async () => {
  let path = "";
  using disk = await Disk.make(async (place) => {
    path = place;
    await makeEmptyDisk(place, 4096);
  });
  expect(existsSync(dirname(path))).toBe(false);
  const child = Bun.spawn(["dd", "of=/dev/fd/3", "conv=notrunc", "status=none"], {
    stdio: [new TextEncoder().encode("written"), "inherit", "inherit", disk.fd],
  });
  expect(await child.exited).toBe(0);
  const content = disk.read();
  expect(content).toHaveLength(4096);
  expect(new TextDecoder().decode(content)).toStartWith("written\0");
});

test("one that cannot be made leaves nothing", async () => {
  let path = "";
  const made = Disk.make(async (place) => {
    path = place;
    await makeEmptyDisk(place, 4096);
    throw new Error("no space");
  });
  await expect(made).rejects.toThrow("no space");
  expect(existsSync(dirname(path))).toBe(false);
});

test("what a killed lane has left of unfinished disks is removed, once nobody can be at it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "disks-"));
  try {
    for (const name of ["ocicat-vm-old", "ocicat-vm-new", "another-old"]) {
      await mkdir(join(folder, name, "tree"), { recursive: true });
      if (name.endsWith("old")) {
        const yesterday = Date.now() / 1000 - 86_400;
        await utimes(join(folder, name), yesterday, yesterday);
      }
    }
    await removeUnfinishedDisks(folder);
    expect((await readdir(folder)).sort()).toEqual(["another-old", "ocicat-vm-new"]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
