import { expect, test } from "bun:test";
import { encodeDocument } from "../encode.ts";
import { decodeResources } from "./config.ts";
import { faultsOf } from "./edit.fixture.ts";

/** Paths without the leading "linux.resources". */
const ROWS: readonly (readonly [what: string, resources: unknown, faults: readonly string[]])[] = [
  ["nothing", {}, []],
  [
    "rules for devices",
    {
      devices: [
        { access: "rwm" },
        { allow: true, type: "u", access: "rx" },
        { allow: true, type: "a", major: -2, minor: 4_294_967_296 },
        { allow: true, type: "c", major: -1, minor: -1, access: "" },
      ],
    },
    [
      "devices[0].allow: required",
      'devices[1].type: "u" is none of a, c, b',
      'devices[1].access: "rx" has other letters than r, w and m',
      "devices[2].major: -2 is not within -1 to 4294967295",
      "devices[2].minor: 4294967296 is not within -1 to 4294967295",
    ],
  ],
  ["unlimited memory", { memory: { limit: -1, swap: -1, reservation: -1 } }, []],
  ["swap alone", { memory: { swap: 5 } }, []],
  ["unlimited swap over limited memory", { memory: { limit: 5, swap: -1 } }, []],
  [
    "memory below what there is",
    { memory: { limit: -2, swappiness: 101 } },
    [
      "memory.limit: -2 is not within -1 to 9223372036854776000",
      "memory.swappiness: 101 is not within 0 to 100",
    ],
  ],
  [
    "less memory with swap than without",
    { memory: { limit: 10, swap: 9 } },
    ["memory.swap: memory and swap together, 9, is below the memory limit 10"],
  ],
  ["what counts as unset", { cpu: { shares: 0, quota: 0, period: 0 }, blockIO: { weight: 0 } }, []],
  ["an unlimited quota", { cpu: { quota: -1, burst: 5000 } }, []],
  [
    "bandwidth that no kernel takes",
    { cpu: { quota: 999, period: 1_000_001, burst: 1000 } },
    [
      "cpu.quota: 999 is below a millisecond (1000)",
      "cpu.period: 1000001 is not within 0 to 1000000",
      "cpu.burst: 1000 is above the quota 999",
    ],
  ],
  ["a short period", { cpu: { period: 999 } }, ["cpu.period: 999 is below a millisecond (1000)"]],
  [
    "more real time than time",
    { cpu: { realtimeRuntime: 11, realtimePeriod: 10, idle: 2, cpus: "0;1", mems: "1-x" } },
    [
      "cpu.realtimeRuntime: 11 is above the period 10",
      'cpu.cpus: "0;1" is not a list such as "0-3,7"',
      'cpu.mems: "1-x" is not a list such as "0-3,7"',
      "cpu.idle: 2 is not within 0 to 1",
    ],
  ],
  ["lists with spaces and empty elements", { cpu: { cpus: "0-3, 7,", mems: " 0" } }, []],
  ["no processes", { pids: { limit: 0 } }, []],
  [
    "weights",
    {
      blockIO: {
        weight: 9,
        leafWeight: 1001,
        weightDevice: [
          { major: 8, minor: 0 },
          { minor: 0, weight: 10 },
        ],
      },
    },
    [
      "blockIO.weight: 9 is not within 10 to 1000",
      "blockIO.leafWeight: 1001 is not within 0 to 1000",
      "blockIO.weightDevice[0].weight: required, unless leafWeight is there",
      "blockIO.weightDevice[1].major: required",
    ],
  ],
  [
    "throttles",
    {
      blockIO: {
        throttleReadBpsDevice: [{ major: 8, minor: 0 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 1, rate: -1 }],
      },
    },
    [
      "blockIO.throttleReadBpsDevice[0].rate: required",
      "blockIO.throttleWriteIOPSDevice[0].rate: -1 is not within 0 to 18446744073709552000",
    ],
  ],
  [
    "page sizes are parts of file names",
    {
      hugepageLimits: [
        { pageSize: "2MB/../x", limit: 1 },
        { pageSize: "MB", limit: 1 },
        { pageSize: "64KB" },
        { pageSize: "1GB", limit: 0 },
      ],
    },
    [
      'hugepageLimits[0].pageSize: "2MB/../x" is not a size such as "64KB", "2MB" or "1GB"',
      'hugepageLimits[1].pageSize: "MB" is not a size such as "64KB", "2MB" or "1GB"',
      "hugepageLimits[2].limit: required",
    ],
  ],
  [
    "network classes",
    { network: { classID: -1, priorities: [{ name: "a b", priority: 1 }, {}] } },
    [
      "network.classID: -1 is not within 0 to 4294967295",
      'network.priorities[0].name: "a b" is not the name of a network device',
      "network.priorities[1].name: required",
      "network.priorities[1].priority: required",
    ],
  ],
  [
    "rdma",
    { rdma: { mlx: {}, "a b": { hcaHandles: 1 } } },
    ['rdma["mlx"]: needs hcaHandles or hcaObjects', 'rdma["a b"]: is not the name of a device'],
  ],
  [
    "files of cgroup v2",
    { unified: { "memory.high": "1", "../x.y": "1", cpu: "1", ".hidden": "1", "io.max": 5 } },
    [
      'unified["../x.y"]: is not of the form controller.parameter',
      'unified["cpu"]: is not of the form controller.parameter',
      'unified[".hidden"]: is not of the form controller.parameter',
      'unified["io.max"]: must be a string, is 5',
    ],
  ],
];

test.each(ROWS)("%s", (_what, resources, faults) => {
  const found = faultsOf(() => decodeResources(encodeDocument(resources)));
  expect(found).toEqual(faults.map((fault) => `linux.resources.${fault}`));
});
