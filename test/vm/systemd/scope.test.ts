// With --systemd-cgroup a container is a scope of systemd's: its limits are properties there, and
// systemd, which writes the same files, does not undo them.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Resources } from "../../../src/oci/resources.ts";
import { eventually } from "../../peers/conditions.ts";
import { CAPABILITIES_OF_ROOT, type ContainerOptions, TestContainer } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { ROOT_DISK } from "../root-disk.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const MIB = 1024 * 1024;

function start(options: ContainerOptions = {}): Promise<TestContainer> {
  return TestContainer.start({ manager: "systemd", ...options });
}

function unitOf(container: TestContainer): string {
  return `ocicat-${container.id}.scope`;
}

async function properties(unit: string, ...names: readonly string[]) {
  const shown = await run(["systemctl", "show", unit, `--property=${names.join(",")}`]);
  const lines = shown.stdout.trim().split("\n");
  return Object.fromEntries(lines.map((line) => [line.split("=")[0], line.replace(/^[^=]*=/, "")]));
}

/** systemd forgets units that nobody needs when it has time. */
async function untilUnloaded(container: TestContainer): Promise<void> {
  await eventually("the unit to be gone", async () => {
    const { LoadState } = await properties(unitOf(container), "LoadState");
    return LoadState === "not-found";
  });
}

describe.skipIf(!isGuest("systemd"))("a container as a scope", () => {
  test("is delegated, active, and below the system's slice", async () => {
    await using container = await start();
    expect(container.cgroup).toBe(`/system.slice/${unitOf(container)}`);
    expect(await properties(unitOf(container), "ActiveState", "Delegate", "Slice")).toEqual({
      ActiveState: "active",
      Delegate: "yes",
      Slice: "system.slice",
    });
  });

  test("lies in the slice that the configuration names", async () => {
    const options = { linux: { cgroupsPath: "vmtest-inner.slice:ocicat:in-slice" } };
    await using container = await start(options);
    expect(container.cgroup).toBe("/vmtest.slice/vmtest-inner.slice/ocicat-in-slice.scope");
  });

  test("has the limits as properties and in the kernel's files", async () => {
    const resources: Resources = {
      memory: { limit: 64 * MIB, swap: 96 * MIB, reservation: 32 * MIB },
      cpu: { shares: 1024, quota: 50_000, period: 100_000, cpus: "1" },
      pids: { limit: 40 },
    };
    await using container = await start({ linux: { resources } });
    const names = ["MemoryMax", "MemorySwapMax", "MemoryLow", "CPUWeight", "TasksMax"];
    expect(await properties(unitOf(container), ...names)).toEqual({
      MemoryMax: `${64 * MIB}`,
      MemorySwapMax: `${32 * MIB}`,
      MemoryLow: `${32 * MIB}`,
      CPUWeight: "100",
      TasksMax: "40",
    });
    expect(await properties(unitOf(container), "CPUQuotaPerSecUSec", "AllowedCPUs")).toEqual({
      CPUQuotaPerSecUSec: "500ms",
      AllowedCPUs: "1",
    });
    expect(container.limit("memory.max")).toBe(`${64 * MIB}`);
    expect(container.limit("cpu.max")).toBe("50000 100000");
    expect(container.limit("pids.max")).toBe("40");
  });

  test("keeps its limits and device rules when systemd reloads", async () => {
    const resources: Resources = {
      memory: { limit: 64 * MIB },
      pids: { limit: 40 },
      devices: [
        { allow: false, access: "rwm" },
        { allow: true, type: "b", ...ROOT_DISK, access: "r" },
      ],
    };
    await using container = await start({
      linux: { resources },
      process: { capabilities: CAPABILITIES_OF_ROOT },
    });
    await run(["systemctl", "daemon-reload"]);
    expect(container.limit("memory.max")).toBe(`${64 * MIB}`);
    expect(container.limit("pids.max")).toBe("40");
    const { major, minor } = ROOT_DISK;
    const script = [
      `mknod /tmp/disk b ${major} ${minor}`,
      "dd if=/tmp/disk of=/tmp/block count=1 && echo read",
      "dd if=/tmp/block of=/tmp/disk count=0 conv=notrunc && echo written",
    ];
    const reached = await container.exec("sh", "-c", script.join("; "));
    expect(reached.stdout).toBe("read\n");
  });

  test("takes an update as properties", async () => {
    await using container = await start({ linux: { resources: { memory: { limit: 64 * MIB } } } });
    const flags = ["--memory", `${80 * MIB}`, "--pids-limit", "33"];
    await container.must("update", ...flags, container.id);
    expect(await properties(unitOf(container), "MemoryMax", "TasksMax")).toEqual({
      MemoryMax: `${80 * MIB}`,
      TasksMax: "33",
    });
    await run(["systemctl", "daemon-reload"]);
    expect(container.limit("memory.max")).toBe(`${80 * MIB}`);
    expect(container.limit("pids.max")).toBe("33");
  });

  test("takes properties from annotations", async () => {
    await using container = await start({
      spec: { annotations: { "org.systemd.property.TimeoutStopUSec": "uint64 123456789" } },
    });
    expect(await properties(unitOf(container), "TimeoutStopUSec")).toEqual({
      TimeoutStopUSec: "2min 3.456789s",
    });
  });

  test("pauses, resumes and takes an exec", async () => {
    await using container = await start();
    await container.must("pause", container.id);
    expect(container.limit("cgroup.events")).toContain("frozen 1");
    await container.must("resume", container.id);
    const pid = await container.execDetached("sleep", "600");
    expect(container.limit("cgroup.procs").split("\n").map(Number)).toContain(pid);
  });

  test("is gone with the container, even one that failed", async () => {
    const container = await start();
    await container.must("kill", container.id, "KILL");
    await eventually("the container to stop", async () => (await container.status()) === "stopped");
    await container.must("delete", container.id);
    await untilUnloaded(container);
    expect(existsSync(`/sys/fs/cgroup${container.cgroup}`)).toBe(false);
    await container[Symbol.asyncDispose]();
  });

  test("that cannot be made leaves no unit", async () => {
    const options: ContainerOptions = { manager: "systemd", process: { args: ["/bin/missing"] } };
    await using container = await TestContainer.make(options);
    expect((await container.create()).status).not.toBe(0);
    await untilUnloaded(container);
  });

  test("refuses a cgroupsPath that is no slice:prefix:name", async () => {
    const options: ContainerOptions = {
      manager: "systemd",
      linux: { cgroupsPath: "/not/a/scope" },
    };
    await using container = await TestContainer.make(options);
    expect((await container.create()).status).not.toBe(0);
    expect(container.output()).toContain("slice:prefix:name");
  });
});
