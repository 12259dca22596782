// Compiled filters under this machine's kernel.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { syscallNumber } from "../../src/abi/syscall-tables/lookup.ts";
import type { SeccompProfile } from "../../src/oci/seccomp.ts";
import { compileSeccomp } from "../../src/plan/seccomp/compile.ts";
import dockerDefault from "../fixtures/docker-default-seccomp.json" with { type: "json" };
import { compileHosted, missingTools, SANITIZED, TestFolder } from "./compiler.ts";

const DOCKER_DEFAULT = dockerDefault as SeccompProfile;
const NATIVE = process.arch === "x64" ? "x86_64" : "aarch64";
const EPERM = -1;
const ENOSYS = -38;
const SIGSYS = "SIGSYS";

describe.skipIf(missingTools(SANITIZED).length > 0)("a filter in the kernel", () => {
  const folder = new TestFolder();
  const program = folder.file("seccomp-call");

  beforeAll(() => {
    const target = { ...SANITIZED, flags: ["-O1"] };
    compileHosted(target, ["test/native/seccomp-call.c"], program);
  });

  afterAll(() => {
    folder.remove();
  });

  /** What the call returned, or the signal that ended the process. */
  function call(
    profile: SeccompProfile,
    name: string | number,
    args: readonly (number | bigint)[] = [],
    abi: "native" | "x86" = "native",
  ): number | string {
    const { filter, flags } = compileSeccomp(profile, { architecture: NATIVE });
    const path = folder.file("filter");
    writeFileSync(path, filter);
    const number =
      typeof name === "number" ? name : syscallNumber(abi === "native" ? NATIVE : abi, name);
    const words = [path, flags, abi, number ?? "none", ...args].map(String);
    const result = Bun.spawnSync([program, ...words], { stdout: "pipe", stderr: "pipe" });
    if (result.signalCode !== undefined) {
      return result.signalCode;
    }
    expect(result.stderr.toString()).toBe("");
    return Number(result.stdout.toString());
  }

  test("Docker's default profile", () => {
    expect(call(DOCKER_DEFAULT, "getppid")).toBe(process.pid);
    expect(call(DOCKER_DEFAULT, "mount")).toBe(EPERM);
    expect(call(DOCKER_DEFAULT, "keyctl")).toBe(EPERM);
    expect(call(DOCKER_DEFAULT, "clone3")).toBe(ENOSYS);
    expect(call(DOCKER_DEFAULT, "listns")).toBe(ENOSYS);
    expect(call(DOCKER_DEFAULT, 1999)).toBe(ENOSYS);
  });

  test("its conditions on arguments", () => {
    const unix = [1, 1, 0];
    const vsock = [40, 1, 0];
    expect(call(DOCKER_DEFAULT, "socket", unix)).toBeGreaterThan(2);
    expect(call(DOCKER_DEFAULT, "socket", vsock)).toBe(EPERM);
    expect(call(DOCKER_DEFAULT, "personality", [0xffffffff])).toBeGreaterThanOrEqual(0);
    expect(call(DOCKER_DEFAULT, "personality", [0x40000])).toBe(EPERM);
    expect(call(DOCKER_DEFAULT, "personality", [0x1_0000_0000])).toBe(EPERM);
    expect(call(DOCKER_DEFAULT, "clone", [0x10000000])).toBe(EPERM);
  });

  test.skipIf(NATIVE !== "x86_64")("32-bit calls", () => {
    const on64Bit: SeccompProfile = { ...DOCKER_DEFAULT, architectures: ["SCMP_ARCH_X86_64"] };
    expect(call(DOCKER_DEFAULT, "getppid", [], "x86")).toBe(process.pid);
    expect(call(DOCKER_DEFAULT, "mount", [], "x86")).toBe(EPERM);
    expect(call(DOCKER_DEFAULT, "socket", [40, 1, 0], "x86")).toBe(EPERM);
    expect(call(on64Bit, "getppid", [], "x86")).toBe(SIGSYS);
  });

  test("actions", () => {
    const profile = (action: SeccompProfile["defaultAction"]): SeccompProfile => ({
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["getppid"], action }],
    });
    expect(call(profile("SCMP_ACT_LOG"), "getppid")).toBe(process.pid);
    expect(call(profile("SCMP_ACT_ERRNO"), "getppid")).toBe(EPERM);
    // Without a tracer.
    expect(call(profile("SCMP_ACT_TRACE"), "getppid")).toBe(ENOSYS);
    expect(call(profile("SCMP_ACT_TRAP"), "getppid")).toBe(SIGSYS);
    expect(call(profile("SCMP_ACT_KILL"), "getppid")).toBe(SIGSYS);
    expect(call(profile("SCMP_ACT_KILL_PROCESS"), "getppid")).toBe(SIGSYS);
  });

  test("flags that the kernel takes", () => {
    const profile: SeccompProfile = {
      defaultAction: "SCMP_ACT_ALLOW",
      flags: [
        "SECCOMP_FILTER_FLAG_TSYNC",
        "SECCOMP_FILTER_FLAG_LOG",
        "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
        "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",
      ],
      listenerPath: "/run/agent",
      syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY" }],
    };
    expect(call(profile, "getppid")).toBe(process.pid);
    expect(call({ ...profile, syscalls: [] }, "getppid")).toBe(process.pid);
  });

  test("a filter of thousands of instructions", () => {
    const profile: SeccompProfile = {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        {
          names: ["write", "fstat", "newfstatat", "exit_group", "getppid"],
          action: "SCMP_ACT_ALLOW",
        },
        ...Array.from({ length: 250 }, (_, value) => ({
          names: ["personality"],
          action: "SCMP_ACT_ALLOW" as const,
          args: [
            { index: 0, value: 0xffffffff, op: "SCMP_CMP_EQ" as const },
            { index: 1, value: value * 3, op: "SCMP_CMP_EQ" as const },
          ],
        })),
      ],
    };
    expect(compileSeccomp(profile, { architecture: NATIVE }).filter.byteLength).toBeGreaterThan(
      8000,
    );
    expect(call(profile, "getppid")).toBe(process.pid);
    expect(call(profile, "personality", [0xffffffff, 747])).toBeGreaterThanOrEqual(0);
    expect(call(profile, "personality", [0xffffffff, 748])).toBe(EPERM);
  });
});
