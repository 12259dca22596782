// `ocicat run` where systemd manages the cgroups.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot } from "../../e2e/busybox-image.ts";
import { OCICAT, RunPlace } from "../../e2e/run-place.ts";
import { isGuest } from "../guest.ts";
import { run } from "../run.ts";

describe.skipIf(!isGuest("systemd"))("ocicat run with systemd", () => {
  const place = new RunPlace();
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  test("limits stay while systemd starts units, which need none of their controllers", async () => {
    const root = makeBusyboxRoot(place.makeFolder("limited"));
    const limits = ["--cpus", "0.5", "--cpuset-cpus", "1", "-m", "64m", "--pids-limit", "9"];
    const words = place.command([...limits, "--rootfs", root, "/bin/sh", "-c", "sleep 600"]);
    // The usual place, in a cgroup at the top: what is below another one systemd leaves alone.
    const parent = words.indexOf("--cgroup-parent");
    const [program = "", command = "", ...flags] = words.toSpliced(parent, 2);
    const started = await run([program, command, "-d", ...flags]);
    expect(started).toMatchObject({ status: 0, stderr: "" });
    const id = started.stdout.trim();
    const directory = `/sys/fs/cgroup/ocicat/ocicat-${id}`;
    const limit = (file: string) => readFileSync(join(directory, file), "utf8").trim();
    expect((await run(["systemctl", "daemon-reload"])).status).toBe(0);
    expect((await run(["systemd-run", "--quiet", "--wait", "true"])).status).toBe(0);
    const files = ["cpu.max", "cpuset.cpus", "memory.max", "pids.max"];
    expect(files.map(limit)).toEqual(["50000 100000", "1", `${64 * 1024 * 1024}`, "9"]);
    expect(await run([program, "rm", "-f", ...place.flags, id])).toMatchObject({ status: 0 });
    expect(existsSync(directory)).toBe(false);
  });

  test("--systemd-cgroup makes a scope with the limits, that goes with the container", async () => {
    const root = makeBusyboxRoot(place.makeFolder("rootfs"));
    const name = place.newName();
    const shared = place.makeFolder("shared");
    const script = `cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max
      while [ ! -e /shared/end ]; do sleep 0.1; done; exit 6`;
    const flags = ["--systemd-cgroup", "-m", "64m", "--pids-limit", "9", "-v", "./shared:/shared"];
    const words = [...flags, "-e", "PATH=/bin", "--rootfs", root, "/bin/sh", "-c", script];
    const child = place.spawn(words, {}, name);
    const first = await child.stdout.getReader().read();
    expect(new TextDecoder().decode(first.value)).toStartWith(`${64 * 1024 * 1024}\n`);
    const scope = `ocicat-${place.idOf(name)}.scope`;
    const states = () => Bun.spawnSync(["systemctl", "is-active", scope]).stdout;
    expect(states().toString()).toBe("active\n");
    writeFileSync(join(shared, "end"), "");
    expect(await child.exited).toBe(6);
    expect(states().toString()).toBe("inactive\n");
  });

  test("running out of memory is told, though the scope goes with its last process", async () => {
    const root = makeBusyboxRoot(place.makeFolder("small"));
    for (let round = 0; round < 4; round += 1) {
      const name = place.newName();
      const flags = ["--systemd-cgroup", "-m", "16m", "-e", "PATH=/bin", "--rootfs", root];
      expect(await place.spawn([...flags, "tail", "/dev/zero"], {}, name).exited).toBe(137);
      const words = ["--since", "1h", "--until", "0s", "--filter", `container=${name}`];
      const told = Bun.spawnSync([
        ...[OCICAT, "events", ...place.flags, ...words],
        ...["--format", "{{.Action}}"],
      ]);
      expect(told.stdout.toString().split("\n")).toContain("oom");
    }
  });
});
