// Volumes, tmpfs, read-only roots and limits of `ocicat run`.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: mounts and limits", () => {
  const place = new RunPlace();
  let image = "";
  let shared = "";
  beforeAll(() => {
    image = makeLayout(place.folder, makeBusyboxRoot(place.makeFolder("rootfs")));
    shared = place.makeFolder("shared");
    writeFileSync(join(shared, "from-host"), "host\n");
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  const run = (script: string, ...flags: string[]) =>
    place.run([...flags, image, "sh", "-c", script]);
  const output = (script: string, ...flags: string[]) =>
    place.output([...flags, image, "sh", "-c", script]);

  test("a volume goes both ways", async () => {
    const script = "cat /data/from-host; echo inside > /data/from-container";
    expect(await output(script, "-v", `${shared}:/data`)).toBe("host\n");
    expect(readFileSync(join(shared, "from-container"), "utf8")).toBe("inside\n");
  });

  test("a relative source, a single file, a path inside that is made", async () => {
    const script = "cat /new/folder/file";
    expect(await output(script, "-v", "./shared/from-host:/new/folder/file")).toBe("host\n");
  });

  test.each<[string, string[]]>([
    ["--volume ...:ro", ["-v", "./shared:/data:ro"]],
    ["--mount ...,readonly", ["--mount", "type=bind,src=./shared,dst=/data,readonly"]],
  ])("%s is read-only", async (_, flags) => {
    const { stdout, stderr, status } = await run("cat /data/from-host; echo x > /data/x", ...flags);
    expect(stdout).toBe("host\n");
    expect(stderr).toContain("Read-only file system");
    expect(status).not.toBe(0);
  });

  test("a mount inside does not reach the host", async () => {
    const { status } = await run("mount -t tmpfs x /data", "-v", `${shared}:/data`);
    expect(status).not.toBe(0);
    expect(statSync(join(shared, "from-host")).isFile()).toBe(true);
  });

  test("--tmpfs and --mount type=tmpfs", async () => {
    const flags = ["--tmpfs", "/a:size=1m", "--mount", "type=tmpfs,target=/b,tmpfs-mode=0700"];
    const script = "grep -E ' /(a|b) ' /proc/mounts; stat -c %a /b";
    const [first = "", second = "", mode] = (await output(script, ...flags)).split("\n");
    expect(first).toMatch(/^tmpfs \/a tmpfs rw,nosuid,nodev,noexec,relatime,size=1024k/);
    expect(second).toContain("mode=700");
    expect(mode).toBe("700");
  });

  test("--read-only, with a place to write", async () => {
    const script = "touch /tmp/x && echo tmp; touch /x || echo refused";
    expect(await output(script, "--read-only", "--tmpfs", "/tmp")).toBe("tmp\nrefused\n");
  });

  test("limits are visible from inside", async () => {
    const files = ["memory.max", "memory/memory.limit_in_bytes", "pids.max", "pids/pids.max"];
    const more = ["cpu.max", "cpu/cpu.cfs_quota_us"];
    const script = `cd /sys/fs/cgroup; cat ${[...files, ...more].join(" ")} 2>/dev/null; true`;
    const flags = ["-m", "96m", "--pids-limit", "33", "--cpus", "0.5"];
    const [memory, pids, cpu] = (await output(script, ...flags)).split("\n");
    expect(memory).toBe(String(96 * 1024 * 1024));
    expect(pids).toBe("33");
    expect(cpu).toMatch(/^50000\b/);
  });

  test("more memory than allowed ends with 137", async () => {
    const { status } = await place.run([
      "-m",
      "24m",
      image,
      "dd",
      "if=/dev/zero",
      "of=/dev/null",
      "bs=64M",
    ]);
    expect(status).toBe(137);
  });

  test("more processes than allowed cannot be made", async () => {
    const { stderr, status } = await run(
      "for i in 1 2 3 4 5 6; do sleep 5 & done",
      "--pids-limit",
      "4",
    );
    expect(stderr).toContain("can't fork");
    expect(status).not.toBe(0);
  });
});
