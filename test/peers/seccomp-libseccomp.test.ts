// Filters of ours against those of libseccomp, as runc has it make them, by what they decide.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { syscallNumber } from "../../src/abi/syscall-tables/lookup.ts";
import { SYSCALL_NAMES } from "../../src/abi/syscall-tables/names.ts";
import type { SyscallAbi } from "../../src/abi/syscall-tables/table.ts";
import type { SeccompArgument, SeccompProfile, SeccompSyscall } from "../../src/oci/seccomp.ts";
import { RETURN_ENOSYS, returnValue } from "../../src/plan/seccomp/actions.ts";
import { compileSeccomp } from "../../src/plan/seccomp/compile.ts";
import { INTERFACES } from "../../src/plan/seccomp/interfaces.ts";
import { runBpf } from "../../src/plan/seccomp/simulate-bpf.ts";
import { must } from "../../tools/peers/command.ts";
import dockerDefault from "../fixtures/docker-default-seccomp.json" with { type: "json" };

const DOCKER_DEFAULT = dockerDefault as SeccompProfile;
const ABIS = ["x86_64", "x86", "x32"] as const;
const X86_ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] as const;

/** Their places in enum scmp_compare. */
const OPERATORS = [
  "",
  "SCMP_CMP_NE",
  "SCMP_CMP_LT",
  "SCMP_CMP_LE",
  "SCMP_CMP_EQ",
  "SCMP_CMP_GE",
  "SCMP_CMP_GT",
  "SCMP_CMP_MASKED_EQ",
];

const folder = mkdtempSync(join(tmpdir(), "ocicat-libseccomp-"));
const exporter = join(folder, "export");

beforeAll(async () => {
  const source = join(import.meta.dir, "libseccomp-export.c");
  await must(["gcc", "-O1", "-Wall", "-Werror", "-o", exporter, source, "-lseccomp"]);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface PeerFilter {
  readonly filter: Uint8Array;
  readonly unknownCalls: ReadonlySet<string>;
}

async function libseccompFilter(profile: SeccompProfile): Promise<PeerFilter> {
  const child = Bun.spawn([exporter], {
    stdin: new Blob([exporterInput(profile)]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [filter, errors] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) {
    throw new Error(`make a filter with libseccomp: ${errors}`);
  }
  return { filter, unknownCalls: new Set(errors.match(/(?<=^unknown ).*$/gm) ?? []) };
}

/** The calls that runc makes of a profile: libcontainer/seccomp/seccomp_linux.go. */
function exporterInput(profile: SeccompProfile): string {
  const fallback = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const lines = [`default ${fallback.toString(16)}`];
  for (const architecture of profile.architectures ?? []) {
    lines.push(`arch ${architecture.replace("SCMP_ARCH_", "").toLowerCase()}`);
  }
  const syscalls = profile.syscalls ?? [];
  if (syscalls.reduce((sum, { names }) => sum + names.length, 0) > 32) {
    lines.push("optimize");
  }
  for (const syscall of syscalls) {
    const action = returnValue(syscall.action, syscall.errnoRet);
    if (action !== fallback) {
      lines.push(...syscall.names.flatMap((name) => ruleLines(name, action, syscall)));
    }
  }
  return `${lines.join("\n")}\n`;
}

function ruleLines(name: string, action: number, syscall: SeccompSyscall): string[] {
  const args = syscall.args ?? [];
  const start = `rule ${action.toString(16)} ${name}`;
  const looksTwice = new Set(args.map(({ index }) => index)).size < args.length;
  return looksTwice
    ? args.map((argument) => `${start} ${comparison(argument)}`)
    : [[start, ...args.map(comparison)].join(" ")];
}

function comparison({ index, op, value, valueTwo }: SeccompArgument): string {
  const numbers = [index, OPERATORS.indexOf(op), value, valueTwo ?? 0];
  return numbers.map((number) => number.toString(16)).join(" ");
}

/** libseccomp knows no calls newer than itself: they are left out on both sides. */
function withoutCalls(profile: SeccompProfile, names: ReadonlySet<string>): SeccompProfile {
  const syscalls = (profile.syscalls ?? [])
    .map((syscall) => ({ ...syscall, names: syscall.names.filter((name) => !names.has(name)) }))
    .filter((syscall) => syscall.names.length > 0);
  return { ...profile, syscalls };
}

interface Call {
  readonly arch: number;
  readonly nr: number;
  readonly args: readonly (number | bigint)[];
}

/** Up to the newest call that the profile names: beyond, runc's stub answers instead of libseccomp. */
function newestCall(profile: SeccompProfile, abi: SyscallAbi): number {
  const names = (profile.syscalls ?? []).flatMap((syscall) => syscall.names);
  return Math.max(-1, ...names.map((name) => syscallNumber(abi, name) ?? -1));
}

function* callsOf(profile: SeccompProfile, argumentSets: Call["args"][]): Generator<Call> {
  for (const abi of ABIS) {
    const { token, numberBit } = INTERFACES[abi];
    const newest = newestCall(profile, abi);
    for (const args of argumentSets) {
      for (let number = 0; number <= newest; number++) {
        yield { arch: token, nr: number + numberBit, args };
      }
    }
  }
}

/** Every argument in turn at each value, the others zero. */
function argumentSets(profile: SeccompProfile): Call["args"][] {
  const args = (profile.syscalls ?? []).flatMap((syscall) => syscall.args ?? []);
  const values = new Set<bigint>([0n, 1n, 0x100000000n]);
  for (const { value, valueTwo } of args) {
    for (const number of [BigInt(value), BigInt(valueTwo ?? 0)]) {
      values
        .add(number)
        .add(number + 1n)
        .add(BigInt.asUintN(64, number - 1n));
    }
  }
  const zeros = [0n, 0n, 0n, 0n, 0n, 0n];
  const satisfying = [...zeros];
  for (const { index, value } of args) {
    satisfying[index] = BigInt(value);
  }
  const places = [...new Set(args.map(({ index }) => index))];
  const sets = places.flatMap((index) =>
    [...values].flatMap((value) => [zeros.with(index, value), satisfying.with(index, value)]),
  );
  return [zeros, satisfying, ...sets];
}

interface Comparison {
  readonly compared: number;
  readonly differences: readonly string[];
  /** Instructions in the filters, and executed for the native calls with arguments of zero. */
  readonly size: { readonly ours: number; readonly theirs: number };
  readonly executed: { readonly ours: number; readonly theirs: number };
}

async function compareFilters(listed: SeccompProfile): Promise<Comparison> {
  const { filter: theirs, unknownCalls } = await libseccompFilter(listed);
  const profile = withoutCalls(listed, unknownCalls);
  const { filter: ours } = compileSeccomp(profile, { architecture: "x86_64" });
  const differences: string[] = [];
  const executed = { ours: 0, theirs: 0 };
  let compared = 0;
  for (const call of callsOf(profile, argumentSets(profile))) {
    const own = runBpf(ours, call);
    const peer = runBpf(theirs, call);
    compared += 1;
    executed.ours += own.executed;
    executed.theirs += peer.executed;
    if (own.action !== peer.action) {
      const where = `arch 0x${call.arch.toString(16)} nr ${call.nr & 0x3fffffff}(${call.args})`;
      const actions = [own.action, peer.action].map((action) => `0x${action.toString(16)}`);
      differences.push(`${where}: ${actions.join(", libseccomp ")}`);
    }
  }
  const size = { ours: ours.byteLength / 8, theirs: theirs.byteLength / 8 };
  return { compared, differences, size, executed };
}

describe("the same decision for every number", () => {
  const check = (name: string, profile: SeccompProfile): void => {
    test(name, async () => {
      const { compared, differences } = await compareFilters({
        architectures: X86_ARCHITECTURES,
        ...profile,
      });
      expect(compared).toBeGreaterThan(0);
      expect(differences.slice(0, 20)).toEqual([]);
    });
  };
  const call = (name: string, ...args: SeccompArgument[]): SeccompSyscall => ({
    names: [name],
    action: "SCMP_ACT_ALLOW",
    args,
  });

  check("Docker's default profile", DOCKER_DEFAULT);
  check("Docker's default profile for x86-64 alone", {
    ...DOCKER_DEFAULT,
    architectures: ["SCMP_ARCH_X86_64"],
  });
  const argument = (
    index: number,
    op: string,
    value: number | bigint,
    valueTwo?: number | bigint,
  ): SeccompArgument => ({
    index,
    op: `SCMP_CMP_${op}` as SeccompArgument["op"],
    value,
    ...(valueTwo === undefined ? {} : { valueTwo }),
  });
  for (const value of [0, 1, 5, 0xffffffff, 0x100000000, 0x700000005, 0xffffffffffffffffn]) {
    check(`every operator at ${value}`, {
      defaultAction: "SCMP_ACT_ERRNO",
      syscalls: [
        call("read", argument(0, "EQ", value)),
        call("write", argument(1, "NE", value)),
        call("open", argument(2, "LT", value)),
        call("close", argument(3, "LE", value)),
        call("fstat", argument(4, "GT", value)),
        call("lseek", argument(5, "GE", value)),
        call("ioctl", argument(0, "MASKED_EQ", value, value)),
        call("fcntl", argument(0, "MASKED_EQ", value, 0)),
        call("dup2", argument(0, "MASKED_EQ", 0xff000000ffn, value)),
        call("socket", argument(0, "EQ", value)),
        call("semget", argument(1, "EQ", value)),
        call("kill", argument(0, "EQ", value), argument(1, "NE", 7), argument(2, "GE", value)),
      ],
    });
  }
  check("several rules of one call", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      call("prctl", argument(0, "EQ", 1)),
      call("prctl", argument(0, "EQ", 0x500000001)),
      call("prctl", argument(0, "GE", 0x900000000)),
      call("prctl", argument(0, "EQ", 7), argument(1, "EQ", 8)),
      call("prctl", argument(2, "MASKED_EQ", 0xf0, 0x10)),
      call("ioctl", argument(1, "EQ", 3), argument(1, "EQ", 4)),
    ],
  });
  check("every name", {
    defaultAction: "SCMP_ACT_KILL_PROCESS",
    syscalls: [{ names: SYSCALL_NAMES.split(" "), action: "SCMP_ACT_ALLOW" }],
  });
  check("a denylist", {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [
      { names: ["mount", "ptrace", "semop"], action: "SCMP_ACT_ERRNO" },
      { names: ["reboot"], action: "SCMP_ACT_KILL" },
      { names: ["socket"], action: "SCMP_ACT_ERRNO", args: [argument(0, "EQ", 40)] },
      { names: ["prctl"], action: "SCMP_ACT_TRACE", errnoRet: 5, args: [argument(0, "EQ", 4)] },
      { names: ["prctl"], action: "SCMP_ACT_TRAP" },
      { names: ["swapon"], action: "SCMP_ACT_LOG" },
      { names: ["close"], action: "SCMP_ACT_KILL_PROCESS" },
    ],
  });

  /**
   * One rule a call. Where several rules of one call overlap, libseccomp (2.5.4) loses some of them or
   * lets more match than it should; ours mean what they say.
   */
  test("random conditions", async () => {
    let state = 4711;
    const random = (limit: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return (state >>> 8) % limit;
    };
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
    const values = [0, 1, 2, 7, 0xffff, 0xffffffff, 0x100000000, 0x100000007, 0xffffffffffffffffn];
    const differences: string[] = [];
    for (let round = 0; round < 4; round++) {
      const names = ["prctl", "ioctl", "personality", "clone", "kill", "fcntl", "futex", "lseek"];
      const syscalls = names.map((name) => {
        const places = [0, 1, 2, 3, 4, 5].filter(() => random(3) === 0);
        const args = places.map((index) =>
          argument(index, pick(OPERATORS.slice(1)).slice(9), pick(values), pick(values)),
        );
        return call(name, ...args);
      });
      const profile = {
        defaultAction: "SCMP_ACT_TRAP",
        architectures: X86_ARCHITECTURES,
        syscalls,
      };
      differences.push(...(await compareFilters(profile as SeccompProfile)).differences);
    }
    expect(differences).toEqual([]);
  });
});

test("what lies outside of the interfaces", async () => {
  const profiles: SeccompProfile[] = [
    { ...DOCKER_DEFAULT, architectures: ["SCMP_ARCH_X86_64"] },
    { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["mount"], action: "SCMP_ACT_ERRNO" }] },
  ];
  for (const profile of profiles) {
    const { filter: theirs } = await libseccompFilter(profile);
    const { filter: ours } = compileSeccomp(profile, { architecture: "x86_64" });
    const x32 = INTERFACES.x32;
    const calls = [
      { arch: INTERFACES.x86.token, nr: 3 },
      { arch: INTERFACES.aarch64.token, nr: 63 },
      { arch: x32.token, nr: x32.numberBit },
      { arch: x32.token, nr: x32.numberBit + 520 },
      { arch: x32.token, nr: 0xfffffffe },
      { arch: x32.token, nr: 0xffffffff },
    ];
    const decisions = (filter: Uint8Array) => calls.map((call) => runBpf(filter, call).action);
    expect(decisions(ours)).toEqual(decisions(theirs));
  }
});

test("calls newer than the profile answer ENOSYS, as with the stub of runc", () => {
  const { filter } = compileSeccomp(DOCKER_DEFAULT, { architecture: "x86_64" });
  for (const abi of ABIS) {
    const { token, numberBit } = INTERFACES[abi];
    const newest = newestCall(DOCKER_DEFAULT, abi);
    const after = runBpf(filter, { arch: token, nr: numberBit + newest + 1 }).action;
    expect(after).toBe(RETURN_ENOSYS);
    expect(runBpf(filter, { arch: token, nr: numberBit + newest }).action).not.toBe(RETURN_ENOSYS);
  }
});

test("for Docker's default profile ours is the smaller filter, and the quicker one", async () => {
  const { size, executed, compared } = await compareFilters(DOCKER_DEFAULT);
  const average = (sum: number) => (sum / compared).toFixed(1);
  console.log(
    `instructions: ${size.ours}, libseccomp ${size.theirs}; executed for a call:`,
    `${average(executed.ours)}, libseccomp ${average(executed.theirs)}`,
  );
  expect(size.ours).toBeLessThan(size.theirs);
  expect(executed.ours).toBeLessThan(executed.theirs);
});
