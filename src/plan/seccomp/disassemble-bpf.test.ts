import { expect, test } from "bun:test";
import type { SeccompProfile } from "../../oci/seccomp.ts";
import { compileSeccomp } from "./compile.ts";
import { disassembleBpf } from "./disassemble-bpf.ts";

function list(profile: SeccompProfile): string[] {
  return disassembleBpf(compileSeccomp(profile, { architecture: "x86_64" }).filter);
}

test("one allowed call", () => {
  const profile: SeccompProfile = {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [{ names: ["write"], action: "SCMP_ACT_ALLOW" }],
  };
  expect(list(profile)).toEqual([
    "   0  load arch",
    "   1  if arch == x86_64 go to 2, else 9",
    "   2  load nr",
    "   3  if nr >= 2 go to 6, else 4",
    "   4  if nr >= 1 go to 5, else 10",
    "   5  return ALLOW",
    "   6  if nr >= 1073741824 go to 8, else 7",
    "   7  return ERRNO(ENOSYS)",
    "   8  if nr >= 4294967295 go to 10, else 9",
    "   9  return KILL_THREAD",
    "  10  return ERRNO(EPERM)",
  ]);
});

test("arguments", () => {
  const profile: SeccompProfile = {
    defaultAction: "SCMP_ACT_TRACE",
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"],
    syscalls: [
      {
        names: ["read"],
        action: "SCMP_ACT_KILL_PROCESS",
        args: [
          { index: 1, value: 5, op: "SCMP_CMP_GE" },
          { index: 2, value: 0xff00, valueTwo: 0x1200, op: "SCMP_CMP_MASKED_EQ" },
        ],
      },
    ],
  };
  const text = list(profile).map((line) => line.slice(6).replace(/ go to.*/, ""));
  expect(text).toContain("load args[1].high");
  expect(text).toContain("if args[1].high >= 0x1");
  expect(text).toContain("load args[1].low");
  expect(text).toContain("if args[1].low >= 0x5");
  expect(text).toContain("load args[2].low");
  expect(text).toContain("keep the bits 0xff00");
  expect(text).toContain("if (args[2].low & 0xff00) == 0x1200");
  expect(text).toContain("return KILL_PROCESS");
  expect(text).toContain("return TRACE(1)");
});

test("what no filter of ours has is listed as numbers", () => {
  const filter = Uint8Array.of(
    0x87,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    5,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0x20,
    0,
    0,
    0,
    8,
    0,
    0,
    0,
  );
  expect(disassembleBpf(filter)).toEqual([
    "  0  code 0x87 operand 0x1",
    "  1  go to 3",
    "  2  load data[8]",
  ]);
});
