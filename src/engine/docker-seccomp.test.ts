import { expect, test } from "bun:test";
import { resolveProfile } from "./docker-seccomp.ts";

const AROUND = {
  capabilities: ["CAP_SYS_ADMIN"],
  processor: "x86_64",
  kernel: "6.1.0-13-amd64",
} as const;

function resolved(profile: object): unknown {
  return JSON.parse(resolveProfile(JSON.stringify(profile), AROUND));
}

/** The names of the rules that count. */
function counting(rules: readonly object[]): unknown {
  const syscalls = rules.map((rule, index) => ({ names: [`call${index}`], action: "A", ...rule }));
  return JSON.parse(resolveProfile(JSON.stringify({ syscalls }), AROUND)).syscalls.map(
    ({ names }: { readonly names: readonly string[] }) => names[0],
  );
}

test("a profile of the runtime-spec stays as it is", () => {
  const profile = {
    defaultAction: "SCMP_ACT_ERRNO",
    architectures: ["SCMP_ARCH_X86"],
    syscalls: [{ names: ["read"], action: "SCMP_ACT_ALLOW", args: [{ index: 0 }] }],
  };
  expect(resolved(profile)).toEqual(profile);
});

test("architectures of this machine", () => {
  const archMap = [
    { architecture: "SCMP_ARCH_AARCH64", subArchitectures: ["SCMP_ARCH_ARM"] },
    { architecture: "SCMP_ARCH_X86_64", subArchitectures: ["SCMP_ARCH_X86", "SCMP_ARCH_X32"] },
  ];
  expect(resolved({ archMap, syscalls: [] })).toEqual({
    architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
    syscalls: [],
  });
});

test("conditions of rules", () => {
  expect(
    counting([
      { includes: { caps: ["CAP_SYS_ADMIN"] } },
      { includes: { caps: ["CAP_SYS_ADMIN", "CAP_BPF"] } },
      { excludes: { caps: ["CAP_SYS_ADMIN"] } },
      { excludes: { caps: ["CAP_BPF"] } },
      { includes: { arches: ["amd64", "x32"] } },
      { includes: { arches: ["arm64"] } },
      { excludes: { arches: ["amd64"] } },
      { includes: { minKernel: "4.8" } },
      { includes: { minKernel: "6.10" } },
      { excludes: { minKernel: "6.1" } },
      { includes: {}, excludes: {} },
    ]),
  ).toEqual(["call0", "call3", "call4", "call7", "call10"]);
});

test("older names, comments, and what is no JSON", () => {
  const rule = { name: "read", action: "A", comment: "why", includes: {} };
  expect(resolved({ syscalls: [rule] })).toEqual({ syscalls: [{ names: ["read"], action: "A" }] });
  expect(resolved({ syscalls: "none" })).toEqual({ syscalls: "none" });
  expect(() => resolveProfile("{", AROUND)).toThrow("it is not JSON");
});

test.each<readonly [string, object]>([
  ["syscalls[0].includes is no object", { includes: ["CAP_BPF"] }],
  ["syscalls[0].excludes is no object", { excludes: "CAP_BPF" }],
  ["syscalls[0].includes.caps is no list of words", { includes: { caps: "CAP_BPF" } }],
  ["syscalls[0].includes.arches is no list of words", { includes: { arches: [5] } }],
  ["syscalls[0].excludes.minKernel is no version", { excludes: { minKernel: "new" } }],
  ["syscalls[0].includes.minKernel is no version", { includes: { minKernel: 6.1 } }],
])("a condition that is not understood: %s", (reason, rule) => {
  expect(() => counting([rule])).toThrow(reason);
});

test("conditions without anything, as Go writes them", () => {
  const empty = { caps: null, arches: null, minKernel: null };
  expect(counting([{ includes: null }, { includes: empty, excludes: empty }])).toEqual([
    "call0",
    "call1",
  ]);
});
