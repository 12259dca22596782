// What a container of `ocicat run` may do, and what changes that.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot } from "./busybox-image.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: security", () => {
  const place = new RunPlace();
  let root = "";

  beforeAll(() => {
    root = place.makeFolder("root");
    makeBusyboxRoot(root);
  });
  afterEach(async () => {
    await place.expectNothingLeft();
  });
  afterAll(() => {
    place.remove();
  });

  const run = (flags: readonly string[], script: string) =>
    place.run([...flags, "-e", "PATH=/bin", "--rootfs", root, "/bin/sh", "-c", script]);

  const status = async (field: string, ...flags: readonly string[]): Promise<string> => {
    const { stdout } = await run(flags, `grep '^${field}:' /proc/self/status`);
    return stdout.trim().split(/\s+/)[1] ?? "";
  };

  test("a filter is in force, and keeps even CAP_SYS_ADMIN's calls from those without it", async () => {
    expect(await status("Seccomp")).toBe("2");
    const { status: code, stderr } = await run([], "unshare -U true");
    expect(code).not.toBe(0);
    expect(stderr.toLowerCase()).toContain("operation not permitted");
  });

  test("--security-opt seccomp=unconfined takes it away, another profile replaces it", async () => {
    expect(await status("Seccomp", "--security-opt", "seccomp=unconfined")).toBe("0");
    const profile = join(place.folder, "profile.json");
    const rule = { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 };
    writeFileSync(profile, JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW", syscalls: [rule] }));
    const { stderr } = await run(["--security-opt", `seccomp=${profile}`], "mkdir /new");
    expect(stderr.toLowerCase()).toContain("not supported");
  });

  test("says which capabilities cannot be given that were asked for", () => {
    const less = ["setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"];
    const words = ["--cap-add", "sys_time", "--rootfs", root, "/bin/true"];
    const child = Bun.spawnSync([...less, ...place.command(words)]);
    expect(child.stderr.toString()).toContain('"CAP_SYS_TIME" cannot be given here: ignored');
    expect(child.exitCode).toBe(0);
  });

  test("capabilities: the defaults, some added, some dropped, none, all", async () => {
    expect(await status("CapEff")).toBe("00000000800405fb");
    const bits = async (...flags: readonly string[]): Promise<bigint> =>
      BigInt(`0x${await status("CapEff", ...flags)}`);
    const NET_ADMIN = 1n << 12n;
    const CHOWN = 1n;
    const byDefault = await bits();
    expect(await bits("--cap-add", "net_admin")).toBe(byDefault | NET_ADMIN);
    expect(await bits("--cap-drop", "CAP_CHOWN")).toBe(byDefault & ~CHOWN);
    expect(await bits("--cap-drop", "ALL")).toBe(0n);
    expect(await bits("--cap-drop", "all", "--cap-add", "NET_ADMIN")).toBe(NET_ADMIN);
    const wrong = await place.run(["--cap-add", "FLY", "hello"]);
    expect([wrong.status, wrong.stderr]).toEqual([
      125,
      expect.stringContaining('the capability "FLY": there is none of this name'),
    ]);
  });

  test("no-new-privileges", async () => {
    expect(await status("NoNewPrivs")).toBe("0");
    expect(await status("NoNewPrivs", "--security-opt", "no-new-privileges")).toBe("1");
  });
});
