// Every limit of `linux.resources` arrives in the file of cgroup v2 that stands for it.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Resources } from "../../../src/oci/resources.ts";
import { TestContainer } from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { ROOT_DISK } from "../root-disk.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const MIB = 1024 * 1024;

interface LimitCase {
  readonly name: string;
  readonly resources: Resources;
  readonly files: Readonly<Record<string, string>>;
}

const CASES: readonly LimitCase[] = [
  {
    name: "memory and swap, which v1 counts together",
    resources: { memory: { limit: 64 * MIB, swap: 96 * MIB, reservation: 32 * MIB } },
    files: {
      "memory.max": `${64 * MIB}`,
      "memory.swap.max": `${32 * MIB}`,
      "memory.low": `${32 * MIB}`,
    },
  },
  {
    name: "memory without any swap",
    resources: { memory: { limit: 64 * MIB, swap: 64 * MIB } },
    files: { "memory.max": `${64 * MIB}`, "memory.swap.max": "0" },
  },
  {
    name: "CPU time",
    resources: { cpu: { quota: 50_000, period: 200_000 } },
    files: { "cpu.max": "50000 200000" },
  },
  {
    name: "a period alone",
    resources: { cpu: { period: 200_000 } },
    files: { "cpu.max": "max 200000" },
  },
  {
    name: "a burst",
    resources: { cpu: { quota: 50_000, period: 200_000, burst: 25_000 } },
    files: { "cpu.max": "50000 200000", "cpu.max.burst": "25000" },
  },
  {
    name: "the default shares as the default weight",
    resources: { cpu: { shares: 1024 } },
    files: { "cpu.weight": "100" },
  },
  { name: "the least shares", resources: { cpu: { shares: 2 } }, files: { "cpu.weight": "1" } },
  {
    name: "the most shares",
    resources: { cpu: { shares: 262_144 } },
    files: { "cpu.weight": "10000" },
  },
  { name: "idle", resources: { cpu: { idle: 1 } }, files: { "cpu.idle": "1" } },
  {
    name: "CPUs and memory nodes",
    resources: { cpu: { cpus: "1", mems: "0" } },
    files: { "cpuset.cpus": "1", "cpuset.mems": "0", "cpuset.cpus.effective": "1" },
  },
  { name: "processes", resources: { pids: { limit: 17 } }, files: { "pids.max": "17" } },
  {
    name: "no limit of processes",
    resources: { pids: { limit: -1 } },
    files: { "pids.max": "max" },
  },
  {
    name: "the rates of a disk",
    resources: {
      blockIO: {
        throttleReadBpsDevice: [{ ...ROOT_DISK, rate: 4 * MIB }],
        throttleWriteIOPSDevice: [{ ...ROOT_DISK, rate: 300 }],
      },
    },
    files: {
      "io.max": `${ROOT_DISK.major}:${ROOT_DISK.minor} rbps=${4 * MIB} wbps=max riops=max wiops=300`,
    },
  },
  {
    name: "huge pages",
    resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4 * MIB }] },
    files: { "hugetlb.2MB.max": `${4 * MIB}` },
  },
  {
    name: "files by name",
    resources: { unified: { "memory.high": `${48 * MIB}`, "pids.max": "23", "cpu.weight": "250" } },
    files: { "memory.high": `${48 * MIB}`, "pids.max": "23", "cpu.weight": "250" },
  },
];

describe.skipIf(!isGuest("cgroup2"))("limits on cgroup v2", () => {
  test.each([...CASES])("$name", async ({ resources, files }) => {
    await using container = await TestContainer.start({ linux: { resources } });
    const found = Object.keys(files).map((file) => [file, container.limit(file)]);
    expect(Object.fromEntries(found)).toEqual({ ...files });
  });

  test("a limit that the kernel refuses is an error that names it, and leaves nothing", async () => {
    await using container = await TestContainer.make({
      linux: { resources: { cpu: { cpus: "77" } } },
    });
    const result = await container.create();
    expect(result.status).not.toBe(0);
    expect(container.output()).toContain("cpus");
  });

  test("update changes what it names and keeps the rest", async () => {
    const resources: Resources = {
      memory: { limit: 64 * MIB },
      pids: { limit: 17 },
      cpu: { shares: 1024 },
    };
    await using container = await TestContainer.start({ linux: { resources } });
    await container.must("update", "--memory", `${80 * MIB}`, "--pids-limit", "21", container.id);
    expect(container.limit("memory.max")).toBe(`${80 * MIB}`);
    expect(container.limit("pids.max")).toBe("21");
    expect(container.limit("cpu.weight")).toBe("100");
    await container.must("update", "--cpu-quota", "30000", "--cpu-period", "60000", container.id);
    expect(container.limit("cpu.max")).toBe("30000 60000");
    expect(container.limit("memory.max")).toBe(`${80 * MIB}`);
  });

  test("more processes than allowed are refused", async () => {
    await using container = await TestContainer.start({
      linux: { resources: { pids: { limit: 3 } } },
    });
    const result = await container.exec("sh", "-c", "sleep 1 & sleep 1 & sleep 1 & sleep 1 & wait");
    expect(result.status).not.toBe(0);
    expect(container.limit("pids.events")).not.toBe("max 0");
  });

  test("more memory than allowed ends the process that takes it, and events tell of it", async () => {
    await using container = await TestContainer.start({
      linux: { resources: { memory: { limit: 24 * MIB, swap: 24 * MIB } } },
    });
    const result = await container.exec(
      "dd",
      "if=/dev/zero",
      "of=/dev/full-of-zeros",
      "bs=64M",
      "count=1",
    );
    expect(result.status).not.toBe(0);
    expect(container.limit("memory.events")).toMatch(/^oom_kill [1-9]/m);
  });

  test("events --stats reports the cgroup's numbers", async () => {
    await using container = await TestContainer.start({
      linux: { resources: { memory: { limit: 64 * MIB }, pids: { limit: 17 } } },
    });
    const event = JSON.parse(await container.must("events", "--stats", container.id));
    expect(event.type).toBe("stats");
    expect(event.data.pids).toEqual({ current: 1, limit: 17 });
    expect(event.data.memory.usage.limit).toBe(64 * MIB);
    expect(event.data.cpu.usage.total).toBeGreaterThan(0);
  });
});
