import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { INIT_LOCK } from "../plan/reports.ts";
import { StateDirectory } from "./state-directory.ts";

const root = mkdtempSync(join(tmpdir(), "ocicat-state-"));
afterAll(() => rmSync(root, { recursive: true }));

describe("the lock that init holds until its execve", () => {
  test("is waited for, as long as it is held", async () => {
    using directory = StateDirectory.create(root, "held");
    const script = "exec 9> $0 && flock 9 && echo held && exec sleep 0.3";
    const command = ["sh", "-c", script, join(directory.path, INIT_LOCK)];
    const init = Bun.spawn(command, { stdout: "pipe" });
    await init.stdout.getReader().read();
    expect(directory.initHoldsLock()).toBe(true);
    directory.awaitReleaseByInit();
    expect(directory.initHoldsLock()).toBe(false);
    expect(await init.exited).toBe(0);
  });

  test("is nothing to wait for where there is none", () => {
    using directory = StateDirectory.create(root, "free");
    directory.awaitReleaseByInit();
    expect(directory.initHoldsLock()).toBe(false);
  });
});
