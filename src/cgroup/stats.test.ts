import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeStats, readStats } from "./stats.ts";
import { parseIoStat } from "./stats-blkio.ts";
import { pageSizeName } from "./stats-hugetlb.ts";
import { addCounts, parseCount, scaleCount, UNLIMITED } from "./stats-types.ts";
import { parsePressure } from "./stats-v2.ts";
import type { ContainerCgroup } from "./types.ts";

let directory = "";

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ocicat-stats-"));
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A directory with these files. */
function tree(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(directory, name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) {
    writeFileSync(join(path, file), content);
  }
  return path;
}

const RECORD = { keeper: { kind: "cgroupfs" }, rootless: false, explicit: true } as const;

test("v2 files in the shape and the units of runc", () => {
  const path = tree("v2", {
    "cpu.stat":
      "usage_usec 3000\nuser_usec 1000\nsystem_usec 2000\nnr_periods 5\nthrottled_usec 7\n",
    "memory.stat": "anon 10\nfile 20\n",
    "memory.current": "4096\n",
    "memory.max": "max\n",
    "memory.peak": "8192\n",
    "memory.swap.current": "100\n",
    "memory.swap.max": "0\n",
    "pids.current": "3\n",
    "pids.max": "max\n",
    "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=0 dbytes=0\n",
    "cpu.pressure": "some avg10=1.50 avg60=0.00 avg300=0.00 total=99\n",
  });
  const stats = readStats({ tree: "v2", ...RECORD, path });
  expect(stats.cpu).toEqual({
    usage: { total: 3_000_000, kernel: 2_000_000, user: 1_000_000 },
    throttling: { periods: 5, throttledTime: 7000 },
    psi: { some: { avg10: 1.5, avg60: 0, avg300: 0, total: 99 } },
  });
  expect(stats.memory).toMatchObject({
    cache: 20,
    usage: { limit: UNLIMITED, usage: 4096, max: 8192, failcnt: 0 },
    swap: { limit: UNLIMITED, usage: 4196, failcnt: 0 },
    kernel: { limit: 0, failcnt: 0 },
    raw: { anon: 10, file: 20 },
  });
  expect(stats.pids).toEqual({ current: 3 });
  expect(stats.blkio.ioServicedRecursive).toEqual([
    { major: 8, op: "Read", value: 3 },
    { major: 8, op: "Write" },
  ]);
});

test("v1 files in the shape of runc", () => {
  const paths = {
    cpu: tree("cpu", { "cpu.stat": "nr_periods 1\nnr_throttled 2\nthrottled_time 3\n" }),
    cpuacct: tree("cpuacct", {
      "cpuacct.usage": "123\n",
      "cpuacct.usage_percpu": "100 23 \n",
      "cpuacct.usage_all": "cpu user system\n0 60 40\n1 20 3\n",
      "cpuacct.stat": "user 2\nsystem 1\n",
    }),
    memory: tree("memory", {
      "memory.stat": "cache 5\nrss 6\n",
      "memory.usage_in_bytes": "10\n",
      "memory.max_usage_in_bytes": "20\n",
      "memory.failcnt": "1\n",
      "memory.limit_in_bytes": "9223372036854771712\n",
    }),
    pids: tree("pids", { "pids.current": "1\n", "pids.max": "10\n" }),
    cpuset: tree("cpuset", { "cpuset.cpus": "0-2\n", "cpuset.sched_relax_domain_level": "-1\n" }),
    blkio: tree("blkio", {
      "blkio.throttle.io_serviced": "8:0 Read 4\n8:0 Total 4\nTotal 4\n",
      "blkio.throttle.io_service_bytes": "8:0 Read 4096\n",
    }),
  };
  const stats = readStats({ tree: "v1", ...RECORD, paths });
  expect(stats.cpu).toEqual({
    usage: {
      total: 123,
      percpu: [100, 23],
      percpu_kernel: [40, 3],
      percpu_user: [60, 20],
      kernel: 10_000_000,
      user: 20_000_000,
    },
    throttling: { periods: 1, throttledPeriods: 2, throttledTime: 3 },
  });
  expect(stats.memory.usage).toEqual({
    limit: 9223372036854771712n,
    usage: 10,
    max: 20,
    failcnt: 1,
  });
  expect(stats.pids).toEqual({ current: 1, limit: 10 });
  expect(stats.cpuset).toMatchObject({ cpus: [0, 1, 2], sched_relax_domain_level: -1 });
  expect(stats.blkio).toEqual({
    ioServicedRecursive: [
      { major: 8, op: "Read", value: 4 },
      { major: 8, op: "Total", value: 4 },
    ],
    ioServiceBytesRecursive: [{ major: 8, op: "Read", value: 4096 }],
  });
});

test("the JSON has every digit of a 64-bit count", () => {
  const none: ContainerCgroup = { tree: "none", ...RECORD };
  const stats = readStats(none);
  const big = { ...stats, pids: { current: 2n ** 64n - 1n, limit: 5 } };
  const text = encodeStats(big);
  expect(text).toContain('"pids":{"current":18446744073709551615,"limit":5}');
  expect(text).toContain('"network_interfaces":null');
  expect(JSON.parse(encodeStats(stats))).toEqual(JSON.parse(JSON.stringify(stats)));
});

test("counts", () => {
  expect(parseCount("12\n")).toBe(12);
  expect(parseCount("max")).toBe(UNLIMITED);
  expect(parseCount("18446744073709551615")).toBe(18446744073709551615n);
  expect(parseCount("-1")).toBe(0);
  expect(parseCount("x")).toBe(0);
  expect(addCounts(1, 2)).toBe(3);
  expect(addCounts(UNLIMITED, 2)).toBe(UNLIMITED);
  expect(scaleCount(2 ** 53 - 1, 1000)).toBe(9007199254740991000n);
});

test("names of page sizes, pressure and io.stat", () => {
  expect(["hugepages-64kB", "hugepages-2048kB", "hugepages-1048576kB"].map(pageSizeName)).toEqual([
    "64KB",
    "2MB",
    "1GB",
  ]);
  expect(pageSizeName("other")).toBeUndefined();
  expect(parsePressure("full avg10=0.10 avg60=0.20 avg300=0.30 total=1\n").full?.avg300).toBe(0.3);
  expect(parseIoStat("8:0 \nnonsense\n254:1 cost.usage=1\n")).toEqual({});
});
