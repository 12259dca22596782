import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O_RDONLY } from "../abi/file.ts";
import { close, open } from "../sys/file.ts";
import { lock, tryLock } from "./lock.ts";

let folder = "";
let folderFd = -1;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-lock-"));
  folderFd = open(folder, O_RDONLY);
});

afterEach(() => {
  close(folderFd);
  rmSync(folder, { recursive: true });
});

test("one holder at a time, also within a process; the file goes with the lock", () => {
  {
    using held = tryLock(folderFd, "a.lock");
    expect(held).toBeDefined();
    expect(tryLock(folderFd, "a.lock")).toBeUndefined();
    using other = tryLock(folderFd, "b.lock");
    expect(other).toBeDefined();
    expect(readdirSync(folder).sort()).toEqual(["a.lock", "b.lock"]);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test("waiters take turns and are told once that they wait", async () => {
  let inside = 0;
  let most = 0;
  let waits = 0;
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      using _held = await lock(folderFd, "a.lock", () => {
        waits += 1;
      });
      inside += 1;
      most = Math.max(most, inside);
      await Promise.resolve();
      inside -= 1;
    }),
  );
  expect(most).toBe(1);
  expect(waits).toBeLessThanOrEqual(4);
  expect(readdirSync(folder)).toEqual([]);
});

test("the lock of a process that is killed is free, its file is taken over", async () => {
  const code = `
    const { open } = await import(${JSON.stringify(join(import.meta.dir, "../sys/file.ts"))});
    const { tryLock } = await import(${JSON.stringify(join(import.meta.dir, "lock.ts"))});
    globalThis.held = tryLock(open(${JSON.stringify(folder)}, 0), "a.lock");
    console.log("held");
    setInterval(() => {}, 1000);
  `;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
  const reader = child.stdout.getReader();
  await reader.read();
  expect(tryLock(folderFd, "a.lock")).toBeUndefined();
  child.kill("SIGKILL");
  await child.exited;
  expect(existsSync(join(folder, "a.lock"))).toBe(true);
  {
    using held = tryLock(folderFd, "a.lock");
    expect(held).toBeDefined();
  }
  expect(existsSync(join(folder, "a.lock"))).toBe(false);
});
