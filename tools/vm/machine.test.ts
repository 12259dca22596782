import { expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listOutdated } from "./machine.ts";

test("a machine is outdated when nobody has used it for a day, a build after an hour", async () => {
  const cache = await mkdtemp(join(tmpdir(), "machines-"));
  const hoursAgo = { "used-2h": 2, "unused-25h": 25, "building-now": 0, "building-2h": 2 };
  try {
    for (const [name, hours] of Object.entries(hoursAgo)) {
      const path = join(cache, name);
      await mkdir(path);
      const seconds = Date.now() / 1000 - hours * 3600;
      await utimes(path, seconds, seconds);
    }
    const outdated = await listOutdated(cache);
    expect(outdated.sort()).toEqual([join(cache, "building-2h"), join(cache, "unused-25h")]);
  } finally {
    await rm(cache, { recursive: true });
  }
});
