// `ocicat run` where systemd manages the cgroups.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot } from "../../e2e/busybox-image.ts";
import { RunPlace } from "../../e2e/run-place.ts";
import { isGuest } from "../guest.ts";

describe.skipIf(!isGuest("systemd"))("ocicat run with systemd", () => {
  const place = new RunPlace();
  afterEach(() => expect(place.leftovers()).toEqual([]));
  afterAll(() => place.remove());

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
});
