import { describe, expect, test } from "bun:test";
import type { Resources } from "../oci/resources.ts";
import type { LimitWrite } from "./limit-write.ts";
import { v1LimitWrites } from "./limits-v1.ts";
import { needsDomainController, v2LimitWrites } from "./limits-v2.ts";

/** "file = value" of each write, in order. */
function lines(writes: readonly LimitWrite[]): string[] {
  return writes.map(({ file, value, otherwise }) => {
    const other = otherwise === undefined ? "" : ` | ${otherwise.file} = ${otherwise.value}`;
    return `${file} = ${value}${other}`;
  });
}

/** What both versions write. */
function written(resources: Resources) {
  return { v1: lines(v1LimitWrites(resources)), v2: lines(v2LimitWrites(resources)) };
}

test("nothing asked for, nothing written: also 0, which means not set", () => {
  expect(written({})).toEqual({ v1: [], v2: [] });
  expect(
    written({
      memory: { limit: 0, swap: 0, reservation: 0, disableOOMKiller: false, kernel: 100 },
      cpu: { shares: 0, quota: 0, period: 0, cpus: "" },
      blockIO: { weight: 0, leafWeight: 0 },
      network: { classID: 0 },
    }),
  ).toEqual({ v1: [], v2: [] });
});

describe("memory", () => {
  test("limit, swap and reservation", () => {
    expect(written({ memory: { limit: 4096, swap: 12_288, reservation: 2048 } })).toEqual({
      v1: [
        "memory.limit_in_bytes = 4096",
        "memory.memsw.limit_in_bytes = 12288",
        "memory.soft_limit_in_bytes = 2048",
      ],
      v2: ["memory.swap.max = 8192", "memory.max = 4096", "memory.low = 2048"],
    });
  });

  test("no limit of memory lifts that of swap", () => {
    expect(written({ memory: { limit: -1 } })).toEqual({
      v1: ["memory.limit_in_bytes = -1", "memory.memsw.limit_in_bytes = -1"],
      v2: ["memory.swap.max = max", "memory.max = max"],
    });
  });

  test("equal limits forbid swap", () => {
    expect(lines(v2LimitWrites({ memory: { limit: 4096, swap: 4096 } }))).toEqual([
      "memory.swap.max = 0",
      "memory.max = 4096",
    ]);
  });

  test("what v2 has no counterpart for is left out there", () => {
    expect(
      written({ memory: { swappiness: 0, disableOOMKiller: true, useHierarchy: true } }),
    ).toEqual({
      v1: ["memory.use_hierarchy = 1", "memory.oom_control = 1", "memory.swappiness = 0"],
      v2: [],
    });
    expect(() => v1LimitWrites({ memory: { swappiness: 101 } })).toThrow("0-100");
  });

  test("a limit beyond 2^53 has no exponent", () => {
    const [first] = v1LimitWrites({ memory: { limit: 2 ** 63 } });
    expect(first?.value).toBe("9223372036854775808");
  });
});

describe("cpu", () => {
  test("shares, quota, period, burst, idle", () => {
    expect(
      written({ cpu: { shares: 1024, quota: 50_000, period: 100_000, burst: 10, idle: 1 } }),
    ).toEqual({
      v1: [
        "cpu.shares = 1024",
        "cpu.cfs_period_us = 100000",
        "cpu.cfs_burst_us = 10",
        "cpu.cfs_quota_us = 50000",
        "cpu.idle = 1",
      ],
      v2: ["cpu.idle = 1", "cpu.weight = 100", "cpu.max.burst = 10", "cpu.max = 50000 100000"],
    });
  });

  test("an absent part of quota and period is the kernel's default", () => {
    expect(written({ cpu: { quota: 1000 } })).toEqual({
      v1: ["cpu.cfs_quota_us = 1000"],
      v2: ["cpu.max = 1000 100000"],
    });
    expect(written({ cpu: { quota: -1 } })).toEqual({
      v1: ["cpu.cfs_quota_us = -1"],
      v2: ["cpu.max = max 100000"],
    });
    expect(written({ cpu: { period: 50_000 } })).toEqual({
      v1: ["cpu.cfs_period_us = 50000"],
      v2: ["cpu.max = max 50000"],
    });
  });

  test("realtime times are v1's alone; cpusets are in both", () => {
    expect(
      written({ cpu: { realtimePeriod: 10, realtimeRuntime: 5, cpus: "0-1", mems: "0" } }),
    ).toEqual({
      v1: [
        "cpuset.cpus = 0-1",
        "cpuset.mems = 0",
        "cpu.rt_period_us = 10",
        "cpu.rt_runtime_us = 5",
      ],
      v2: ["cpuset.cpus = 0-1", "cpuset.mems = 0"],
    });
  });

  test("v1 would clamp shares silently, so they are refused", () => {
    const shares = (value: number) => v1LimitWrites({ cpu: { shares: value } });
    expect(() => shares(1)).toThrow("the minimum allowed cpu-shares is 2");
    expect(() => shares(262_145)).toThrow("the maximum allowed cpu-shares is 262144");
    expect(shares(2)).toHaveLength(1);
  });
});

test("pids: 0 is one process, negative is no limit", () => {
  for (const [limit, value] of [
    [0, "1"],
    [-1, "max"],
    [7, "7"],
  ] as const) {
    expect(written({ pids: { limit } })).toEqual({
      v1: [`pids.max = ${value}`],
      v2: [`pids.max = ${value}`],
    });
  }
});

test("block devices", () => {
  expect(
    written({
      blockIO: {
        weight: 500,
        leafWeight: 300,
        weightDevice: [{ major: 8, minor: 0, weight: 10, leafWeight: 20 }],
        throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 100 }],
        throttleWriteBpsDevice: [{ major: 8, minor: 16, rate: 200 }],
        throttleReadIOPSDevice: [{ major: 8, minor: 0, rate: 3 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 0, rate: 4 }],
      },
    }),
  ).toEqual({
    v1: [
      "blkio.weight = 500 | blkio.bfq.weight = 500",
      "blkio.leaf_weight = 300",
      "blkio.weight_device = 8:0 10 | blkio.bfq.weight_device = 8:0 10",
      "blkio.leaf_weight_device = 8:0 20",
      "blkio.throttle.read_bps_device = 8:0 100",
      "blkio.throttle.write_bps_device = 8:16 200",
      "blkio.throttle.read_iops_device = 8:0 3",
      "blkio.throttle.write_iops_device = 8:0 4",
    ],
    v2: [
      "io.bfq.weight = 500 | io.weight = 4950",
      "io.bfq.weight = 8:0 10 | io.weight = 8:0 1",
      "io.max = 8:0 rbps=100",
      "io.max = 8:16 wbps=200",
      "io.max = 8:0 riops=3",
      "io.max = 8:0 wiops=4",
    ],
  });
});

test("huge pages, with their reservations, and RDMA", () => {
  expect(
    written({
      hugepageLimits: [{ pageSize: "2MB", limit: 4_194_304 }],
      rdma: { mlx5_1: { hcaHandles: 3, hcaObjects: 10 }, other: { hcaObjects: 1 } },
    }),
  ).toEqual({
    v1: [
      "hugetlb.2MB.limit_in_bytes = 4194304",
      "hugetlb.2MB.rsvd.limit_in_bytes = 4194304",
      "rdma.max = mlx5_1 hca_handle=3 hca_object=10",
      "rdma.max = other hca_object=1",
    ],
    v2: [
      "hugetlb.2MB.max = 4194304",
      "hugetlb.2MB.rsvd.max = 4194304",
      "rdma.max = mlx5_1 hca_handle=3 hca_object=10",
      "rdma.max = other hca_object=1",
    ],
  });
});

test("network classes and priorities are v1's alone", () => {
  expect(
    written({ network: { classID: 0x100001, priorities: [{ name: "eth0", priority: 500 }] } }),
  ).toEqual({ v1: ["net_cls.classid = 1048577", "net_prio.ifpriomap = eth0 500"], v2: [] });
});

describe("unified", () => {
  test("is written line by line, and refused on v1", () => {
    const unified = { "memory.high": "1000", "io.max": "8:0 rbps=1\n8:16 rbps=2\n" };
    expect(lines(v2LimitWrites({ unified }))).toEqual([
      "memory.high = 1000",
      "io.max = 8:0 rbps=1",
      "io.max = 8:16 rbps=2",
    ]);
    expect(() => v1LimitWrites({ unified })).toThrow("cannot use unified on cgroup v1");
    expect(v1LimitWrites({ unified: {} })).toEqual([]);
  });

  test("names a file of the cgroup, nothing else", () => {
    for (const file of ["../memory.max", "memory", ".max", "a/b.c"]) {
      expect(() => v2LimitWrites({ unified: { [file]: "1" } })).toThrow("CONTROLLER.PARAMETER");
    }
  });
});

test("every write names its place in the configuration", () => {
  const resources: Resources = {
    memory: { limit: 1 },
    blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1 }] },
    unified: { "cpu.max": "max" },
  };
  const sources = v2LimitWrites(resources).map(({ source }) => source);
  expect(sources).toEqual([
    "linux.resources.memory.limit",
    "linux.resources.blockIO.throttleReadBpsDevice[0]",
    'linux.resources.unified["cpu.max"]',
  ]);
});

test("threaded cgroups lack some controllers", () => {
  expect(needsDomainController({ memory: { limit: 1 } })).toBe(true);
  expect(needsDomainController({ cpu: { shares: 2 }, pids: { limit: 1 } })).toBe(false);
});
