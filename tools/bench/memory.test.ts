import { expect, test } from "bun:test";
import { readlinkSync } from "node:fs";
import { listLeftovers, parsePss } from "./memory.ts";

test("the proportional set size is read from smaps_rollup", () => {
  const rollup = "00400000-7ffd [rollup]\nRss:   1234 kB\nPss:     28 kB\nPss_Dirty: 4 kB\n";
  expect(parsePss(rollup)).toBe(28);
  expect(parsePss("Rss: 1 kB\n")).toBeUndefined();
});

test.skipIf(process.getuid?.() !== 0)(
  "the processes of a mount namespace are found, and only they (needs root)",
  async () => {
    const child = Bun.spawn(["unshare", "--mount", "sleep", "30"]);
    const namespaceOf = () => readlinkSync(`/proc/${child.pid}/ns/mnt`);
    try {
      while (namespaceOf() === readlinkSync("/proc/self/ns/mnt")) {
        await Bun.sleep(1);
      }
      const found = listLeftovers(`${namespaceOf()}\n`);
      expect(found).toHaveLength(1);
      expect(found[0]?.pssKilobytes).toBeGreaterThan(0);
      expect(listLeftovers("mnt:[1]")).toEqual([]);
    } finally {
      child.kill();
      await child.exited;
    }
  },
);
