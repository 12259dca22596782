// `ocicat run` on a machine that has nothing but the built program.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { USER, WITHOUT_SESSION } from "./accounts.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "./guest.ts";
import { run } from "./run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const OCICAT = join(import.meta.dir, "../../dist/ocicat");
const MIB = 1024 * 1024;

/** Cgroups, by their paths, that were not there before. */
async function newCgroups(action: () => Promise<unknown>): Promise<string[]> {
  const before = new Set(listCgroups());
  await action();
  return listCgroups().filter((path) => !before.has(path));
}

function listCgroups(): string[] {
  const names = readdirSync("/sys/fs/cgroup", { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe.skipIf(!isGuest())("ocicat run", () => {
  test("says hello from a container of its own, and leaves no cgroup", async () => {
    const left = await newCgroups(async () => {
      const result = await run([OCICAT, "run", "--rm", "hello"]);
      expect(result).toMatchObject({ status: 0, stderr: "" });
      expect(result.stdout).toContain("Hello from a container of ocicat.");
      expect(result.stdout).toMatch(/pid +1\n/);
    });
    expect(left.filter((path) => path.includes("ocicat/"))).toEqual([]);
  });

  test("limits it by cgroup v2", async () => {
    const flags = ["--memory", `${64 * MIB}`, "--pids-limit", "40", "--cpus", "0.5"];
    const result = await run([OCICAT, "run", "--rm", ...flags, "hello"]);
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(result.stdout).toMatch(new RegExp(`memory limit +${64 * MIB}\n`));
    expect(result.stdout).toMatch(/pids limit +40\n/);
    expect(result.stdout).toMatch(/cpu limit +50000 100000\n/);
  });

  test("works for an ordinary user", async () => {
    const runtimeFolder = mkdtempSync("/tmp/ocicat-vm-user-");
    chownSync(runtimeFolder, USER.id, USER.id);
    const environment = ["env", `XDG_RUNTIME_DIR=${runtimeFolder}`];
    const command = [...environment, OCICAT, "run", "--rm", "hello"];
    const result = await run(WITHOUT_SESSION.command(command));
    rmSync(runtimeFolder, { recursive: true });
    expect(result).toMatchObject({ status: 0, stderr: "" });
    expect(result.stdout).toContain("Hello from a container of ocicat.");
  });
});
