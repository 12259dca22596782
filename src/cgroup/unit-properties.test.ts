import { describe, expect, test } from "bun:test";
import type { DeviceCgroupRule } from "../oci/resources.ts";
import type { UnitProperty } from "./systemd.ts";
import { annotationProperties, parseVariant } from "./unit-annotations.ts";
import { deviceProperties } from "./unit-devices.ts";
import { v1UnitProperties, v2UnitProperties } from "./unit-properties.ts";
import { creationProperties } from "./unit-properties-unified.ts";
import { withRoundedQuota } from "./unit-property.ts";

const NEW = (): number => 257;
const OLD = (): number => 239;
const INFINITY = Number.POSITIVE_INFINITY;

/** [name, value] of each. */
function plain(properties: readonly UnitProperty[]) {
  return properties.map(([name, { value }]) => [name, value]);
}

describe("limits", () => {
  const resources = {
    memory: { limit: 4096, reservation: 1024, swap: 12_288 },
    cpu: { shares: 1024, quota: 50_000, period: 100_000, cpus: "0-1", mems: "0" },
    pids: { limit: -1 },
    blockIO: { weight: 500 },
  };

  test("on v2", () => {
    expect(plain(v2UnitProperties(resources, NEW))).toEqual([
      ["MemoryMax", 4096],
      ["MemoryLow", 1024],
      ["MemorySwapMax", 8192],
      ["CPUWeight", 100],
      ["CPUQuotaPeriodUSec", 100_000],
      ["CPUQuotaPerSecUSec", 500_000],
      ["TasksMax", INFINITY],
      ["AllowedCPUs", [3]],
      ["AllowedMemoryNodes", [1]],
    ]);
  });

  test("on v1, with the older names", () => {
    expect(plain(v1UnitProperties(resources, NEW))).toEqual([
      ["MemoryLimit", 4096],
      ["CPUShares", 1024],
      ["CPUQuotaPeriodUSec", 100_000],
      ["CPUQuotaPerSecUSec", 500_000],
      ["BlockIOWeight", 500],
      ["TasksMax", INFINITY],
      ["AllowedCPUs", [3]],
      ["AllowedMemoryNodes", [1]],
    ]);
  });

  test("an old systemd is spared what it does not know", () => {
    const names = plain(
      v2UnitProperties({ ...resources, cpu: { ...resources.cpu, idle: 1 } }, OLD),
    );
    expect(names.map(([name]) => name)).toEqual([
      "MemoryMax",
      "MemoryLow",
      "MemorySwapMax",
      "CPUWeight",
      "CPUQuotaPerSecUSec",
      "TasksMax",
    ]);
  });

  test("without limits systemd's version is not even asked for", () => {
    const never = (): number => {
      throw new Error("asked");
    };
    expect(v2UnitProperties({}, never)).toEqual([]);
    expect(v2UnitProperties({ memory: { limit: -1 }, pids: { limit: 0 } }, never)).toEqual([
      ["MemoryMax", { signature: "t", value: INFINITY }],
      ["MemorySwapMax", { signature: "t", value: INFINITY }],
      ["TasksMax", { signature: "t", value: 1 }],
    ]);
  });

  test("idle is the weight 0", () => {
    expect(plain(v2UnitProperties({ cpu: { idle: 1, shares: 512 } }, NEW))).toEqual([
      ["CPUWeight", 0],
    ]);
  });

  test("a quota is rounded up to whole percents, for systemd and for the file alike", () => {
    const odd = { cpu: { quota: 33_333, period: 100_000 } };
    expect(withRoundedQuota(odd)).toEqual({ cpu: { quota: 34_000, period: 100_000 } });
    expect(plain(v2UnitProperties(odd, OLD))).toEqual([["CPUQuotaPerSecUSec", 340_000]]);
    const even = { cpu: { quota: 50_000 } };
    expect(withRoundedQuota(even)).toBe(even);
    expect(withRoundedQuota({ cpu: { quota: -1 } })).toEqual({ cpu: { quota: -1 } });
  });

  test("a CPU list that is none is refused", () => {
    expect(() => v2UnitProperties({ cpu: { cpus: "x" } }, NEW)).toThrow("linux.resources.cpu.cpus");
  });
});

test("unified files that systemd knows become properties", () => {
  const unified = {
    "memory.high": "max",
    "pids.max": "0",
    "cpu.max": "20000",
    "cpu.weight": " 50\n",
    "cpuset.cpus": "1",
    "io.max": "8:0 rbps=1",
  };
  expect(plain(v2UnitProperties({ unified }, NEW))).toEqual([
    ["MemoryHigh", INFINITY],
    ["TasksMax", 1],
    ["CPUQuotaPeriodUSec", 100_000],
    ["CPUQuotaPerSecUSec", 200_000],
    ["CPUWeight", 50],
    ["AllowedCPUs", [2]],
  ]);
  expect(() => v2UnitProperties({ unified: { "memory.high": "1K" } }, NEW)).toThrow(
    "it is no number",
  );
  expect(() => v2UnitProperties({ unified: { "cpu.max": "1 2 3" } }, NEW)).toThrow(
    "QUOTA [PERIOD]",
  );
  expect(plain(creationProperties({ "memory.oom.group": "1" }, NEW))).toEqual([
    ["OOMPolicy", "kill"],
  ]);
  expect(creationProperties({ "memory.oom.group": "1" }, OLD)).toEqual([]);
});

describe("devices", () => {
  const denyAll: DeviceCgroupRule = { allow: false, access: "rwm" };

  test("an allow list", () => {
    const rules: DeviceCgroupRule[] = [
      denyAll,
      { allow: true, type: "c", major: 1, minor: 3, access: "rw" },
      { allow: true, type: "b", major: 8, access: "r" },
      { allow: true, type: "c", major: -1, minor: -1, access: "m" },
    ];
    expect(plain(deviceProperties(rules, NEW))).toEqual([
      ["DeviceAllow", []],
      ["DevicePolicy", "strict"],
      [
        "DeviceAllow",
        [
          ["/dev/char/1:3", "rw"],
          ["block-8", "r"],
          ["char-*", "m"],
        ],
      ],
    ]);
  });

  test("everything, and a systemd that cannot say it by number", () => {
    const auto = [
      ["DeviceAllow", []],
      ["DevicePolicy", "auto"],
    ];
    expect(plain(deviceProperties([denyAll, { allow: true, access: "rwm" }], NEW))).toEqual(auto);
    expect(plain(deviceProperties([denyAll], OLD))).toEqual(auto);
  });
});

describe("annotations", () => {
  test("values in GVariant's text form", () => {
    for (const [text, signature, value] of [
      ["true", "b", true],
      ["'a b'", "s", "a b"],
      ['"a\\"b"', "s", 'a"b'],
      ["42", "i", 42],
      ["-7", "i", -7],
      ["uint64 5000", "t", 5000],
      ["1.5", "d", 1.5],
      ["0x10", "i", 16],
      ["['a', 'b']", "as", ["a", "b"]],
      ["[uint32 1, 2]", "au", [1, 2]],
    ] as const) {
      expect([text, parseVariant(text)]).toEqual([text, { signature, value }] as never);
    }
  });

  test("what is no value is refused", () => {
    for (const text of ["", "abc", "'open", "[1, 'a']", "[", "1 2", "uint64 'a'", "{}", "@as []"]) {
      expect(parseVariant(text)).toBeUndefined();
    }
    expect(() => annotationProperties({ "org.systemd.property.TimeoutStopUSec": "soon" })).toThrow(
      "its value is none that systemd takes",
    );
    expect(() => annotationProperties({ "org.systemd.property.A1b": "1" })).toThrow("only letters");
  });

  test("seconds become microseconds; other annotations are not ours", () => {
    expect(
      annotationProperties({
        "org.systemd.property.TimeoutStopSec": "1.5",
        "org.systemd.property.CollectMode": "'inactive-or-failed'",
        "io.example": "x",
      }),
    ).toEqual([
      ["TimeoutStopUSec", { signature: "t", value: 1_500_000 }],
      ["CollectMode", { signature: "s", value: "inactive-or-failed" }],
    ]);
  });
});
