import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leftoversSince, listProcesses, parsePss } from "./memory.ts";

test("the proportional set size is read from smaps_rollup", () => {
  const rollup = "00400000-7ffd [rollup]\nRss:   1234 kB\nPss:     28 kB\nPss_Dirty: 4 kB\n";
  expect(parsePss(rollup)).toBe(28);
  expect(parsePss("Rss: 1 kB\n")).toBeUndefined();
});

test("a process that was started since is found, an older one is not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-memory-"));
  // The kernel names a process after the path it was executed by.
  const name = `nap-${process.pid}`;
  symlinkSync("/bin/sleep", join(folder, name));
  const before = listProcesses();
  const child = Bun.spawn([join(folder, name), "30"]);
  try {
    const found = leftoversSince(before).filter(({ command }) => command === name);
    expect(found).toHaveLength(1);
    expect(found[0]?.pssKilobytes).toBeGreaterThan(0);
    const later = leftoversSince(listProcesses()).filter(({ command }) => command === name);
    expect(later).toEqual([]);
  } finally {
    child.kill();
    await child.exited;
    rmSync(folder, { recursive: true });
  }
});
