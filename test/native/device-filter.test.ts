// Device rules under this machine's kernel: its verifier loads the compiled filters, a cgroup v2 obeys
// them, and a cgroup v1 the writes.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import type { DeviceCgroupRule } from "../../src/oci/resources.ts";
import { compileDeviceFilter } from "../../src/plan/device-filter/compile-device-filter.ts";
import { DEFAULT_DEVICE_RULES } from "../../src/plan/device-filter/device-rules.ts";
import { v1DeviceWrites } from "../../src/plan/device-filter/v1-device-writes.ts";
import { compileHosted, missingTools, SANITIZED, TestFolder } from "./compiler.ts";

const EPERM = -1;
const DENY_ALL: DeviceCgroupRule = { allow: false, type: "a", access: "rwm" };

function unifiedCgroup(): string | undefined {
  return mountPoint((type) => type.startsWith("cgroup2 "));
}

function devicesCgroup(): string | undefined {
  return mountPoint((type) => /^cgroup .*\bdevices\b/.test(type));
}

/** Of the first mount whose type, source and options fit. */
function mountPoint(fits: (type: string) => boolean): string | undefined {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return mounts.find((line) => fits(line.split(" - ")[1] ?? ""))?.split(" ")[4];
}

function whyNot(): string | undefined {
  if (process.getuid?.() !== 0) {
    return "needs root";
  }
  return unifiedCgroup() === undefined ? "needs cgroup v2" : missingTools(SANITIZED)[0];
}

describe.skipIf(whyNot() !== undefined)("a device filter in the kernel", () => {
  const folder = new TestFolder();
  const program = folder.file("device-call");
  const cgroup = `${unifiedCgroup()}/ocicat-device-filter-${process.pid}`;

  beforeAll(() => {
    compileHosted({ ...SANITIZED, flags: ["-O1"] }, ["test/native/device-call.c"], program);
  });

  afterAll(() => {
    folder.remove();
  });

  /** What each trial returned. */
  function attempt(rules: readonly DeviceCgroupRule[], trials: readonly string[]): number[] {
    const path = folder.file("filter");
    writeFileSync(path, compileDeviceFilter(rules));
    // A cgroup of its own: its filter goes with it.
    mkdirSync(cgroup);
    try {
      const result = Bun.spawnSync([program, path, cgroup, ...trials], {
        stdout: "pipe",
        stderr: "pipe",
      });
      expect(result.stderr.toString()).toBe("");
      expect(result.exitCode).toBe(0);
      return result.stdout.toString().trim().split("\n").map(Number);
    } finally {
      rmdirSync(cgroup);
    }
  }

  const makeNull = `m:c:1:3:${folder.file("null")}`;
  const makeLoop = `m:b:7:0:${folder.file("loop")}`;

  test("nothing is allowed without a rule", () => {
    const trials = ["r:/dev/null", "w:/dev/null", makeNull, makeLoop];
    expect(attempt([], trials)).toEqual([EPERM, EPERM, EPERM, EPERM]);
    expect(attempt([DENY_ALL], trials)).toEqual([EPERM, EPERM, EPERM, EPERM]);
  });

  test("the default rules", () => {
    const trials = ["rw:/dev/null", "r:/dev/urandom", makeNull, makeLoop, "r:/dev/kmsg"];
    const results = attempt([DENY_ALL, ...DEFAULT_DEVICE_RULES], trials);
    expect(results).toEqual([0, 0, 0, 0, EPERM]);
  });

  test("a part of the access", () => {
    const readNull: DeviceCgroupRule = { allow: true, type: "c", major: 1, minor: 3, access: "r" };
    const writeNull: DeviceCgroupRule = { ...readNull, access: "w" };
    const trials = ["r:/dev/null", "w:/dev/null", "rw:/dev/null", makeNull];
    expect(attempt([DENY_ALL, readNull], trials)).toEqual([0, EPERM, EPERM, EPERM]);
    expect(attempt([DENY_ALL, readNull, writeNull], trials)).toEqual([0, 0, 0, EPERM]);
  });

  test("all but a part", () => {
    const allowAll: DeviceCgroupRule = { allow: true, access: "rwm" };
    const noWrites: DeviceCgroupRule = { allow: false, type: "c", major: 1, access: "w" };
    const trials = ["r:/dev/null", "w:/dev/null", "rw:/dev/null", "rw:/dev/ptmx", makeLoop];
    expect(attempt([allowAll, noWrites], trials)).toEqual([0, EPERM, EPERM, 0, 0]);
    expect(attempt([allowAll], trials)).toEqual([0, 0, 0, 0, 0]);
  });

  test("hundreds of rules", () => {
    const rules = Array.from({ length: 500 }, (_, minor): DeviceCgroupRule => {
      return { allow: minor % 2 === 0, type: "c", major: 240, minor, access: "rw" };
    });
    const withDefaults = [DENY_ALL, ...DEFAULT_DEVICE_RULES, ...rules, ...DEFAULT_DEVICE_RULES];
    const trials = ["rw:/dev/null", "r:/dev/kmsg", makeLoop];
    expect(attempt(withDefaults, trials)).toEqual([0, EPERM, 0]);
    expect(attempt([DENY_ALL, ...rules], trials)).toEqual([EPERM, EPERM, EPERM]);
  });
});

const isV1There = process.getuid?.() === 0 && devicesCgroup() !== undefined;

describe.skipIf(!isV1There)("device rules in a cgroup v1", () => {
  const cgroup = `${devicesCgroup()}/ocicat-device-rules-${process.pid}`;

  /** What devices.list says then, and which of the paths can be read. */
  function apply(
    rules: readonly DeviceCgroupRule[],
    paths: readonly string[],
  ): { list: string[]; readable: string[] } {
    mkdirSync(cgroup);
    try {
      for (const { file, text } of v1DeviceWrites(rules)) {
        writeFileSync(`${cgroup}/${file}`, text);
      }
      const list = readFileSync(`${cgroup}/devices.list`, "utf8").trim().split("\n");
      const script = 'echo $$ >"$0/cgroup.procs"; for p; do (: <"$p") && echo "$p"; done';
      const shell = ["sh", "-c", script, cgroup, ...paths];
      const result = Bun.spawnSync(shell, { stdout: "pipe", stderr: "ignore" });
      return { list, readable: result.stdout.toString().trim().split("\n") };
    } finally {
      rmdirSync(cgroup);
    }
  }

  test("the default rules", () => {
    const { list, readable } = apply(
      [DENY_ALL, ...DEFAULT_DEVICE_RULES],
      ["/dev/null", "/dev/zero", "/dev/kmsg"],
    );
    expect(readable).toEqual(["/dev/null", "/dev/zero"]);
    expect(list.toSorted()).toEqual(
      [
        "c *:* m",
        "b *:* m",
        "c 1:3 rwm",
        "c 1:5 rwm",
        "c 1:7 rwm",
        "c 1:8 rwm",
        "c 1:9 rwm",
        "c 5:0 rwm",
        "c 5:2 rwm",
        "c 136:* rwm",
        "c 10:200 rwm",
      ].toSorted(),
    );
  });

  test("all but one", () => {
    const rules: DeviceCgroupRule[] = [
      { allow: true },
      { allow: false, type: "c", major: 1, minor: 5, access: "r" },
    ];
    const { list, readable } = apply(rules, ["/dev/null", "/dev/zero", "/dev/full"]);
    expect(readable).toEqual(["/dev/null", "/dev/full"]);
    expect(list).toEqual(["a *:* rwm"]);
  });
});
