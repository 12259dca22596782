import { describe, expect, test } from "bun:test";
import dockerDefault from "../../../test/fixtures/docker-default-seccomp.json" with {
  type: "json",
};
import * as bpf from "../../abi/classic-bpf.ts";
import * as kernel from "../../abi/seccomp.ts";
import { syscallName, syscallNumber } from "../../abi/syscall-tables/lookup.ts";
import { MULTIPLEXER_NAMES, MULTIPLEXERS } from "../../abi/syscall-tables/multiplexed.ts";
import { SYSCALL_NAMES } from "../../abi/syscall-tables/names.ts";
import { SYSCALL_ABIS, type SyscallAbi } from "../../abi/syscall-tables/table.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type {
  SeccompAction,
  SeccompArgument,
  SeccompOperator,
  SeccompProfile,
  SeccompSyscall,
} from "../../oci/seccomp.ts";
import { type CompiledSeccomp, compileSeccomp } from "./compile.ts";
import { runBpf, simulateBpf } from "./simulate-bpf.ts";

const DOCKER_DEFAULT = dockerDefault as SeccompProfile;
const NAMES = SYSCALL_NAMES.split(" ");

const ALLOW = kernel.SECCOMP_RET_ALLOW;
const KILL = kernel.SECCOMP_RET_KILL_THREAD;
const ENOSYS = kernel.SECCOMP_RET_ERRNO + 38;
const EPERM = kernel.SECCOMP_RET_ERRNO + 1;

const TOKENS: Readonly<Record<SyscallAbi, number>> = {
  x86_64: 0xc000003e,
  x32: 0xc000003e,
  x86: 0x40000003,
  aarch64: 0xc00000b7,
  arm: 0x40000028,
};

// ---- What a profile means, written down once more, rule by rule, with 64-bit arithmetic ----

const RETURNS: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_TRAP: 0x30000,
  SCMP_ACT_ERRNO: 0x50000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_ALLOW: 0x7fff0000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
};

function returns(action: SeccompAction, errnoRet: number | undefined): number {
  const withErrno = action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";
  return RETURNS[action] + (withErrno ? (errnoRet ?? 1) : 0);
}

interface Call {
  readonly abi: SyscallAbi;
  /** Without the bit of x32. */
  readonly number: number;
  readonly args: readonly bigint[];
}

function holds(argument: SeccompArgument, call: Call): boolean {
  const bits = call.abi === "x86_64" || call.abi === "aarch64" ? 64 : 32;
  const given = BigInt.asUintN(bits, call.args[argument.index] ?? 0n);
  const value = BigInt.asUintN(bits, BigInt(argument.value));
  const second = BigInt.asUintN(bits, BigInt(argument.valueTwo ?? 0));
  const verdicts: Readonly<Record<SeccompOperator, boolean>> = {
    SCMP_CMP_EQ: given === value,
    SCMP_CMP_NE: given !== value,
    SCMP_CMP_LT: given < value,
    SCMP_CMP_LE: given <= value,
    SCMP_CMP_GT: given > value,
    SCMP_CMP_GE: given >= value,
    SCMP_CMP_MASKED_EQ: (given & value) === (second & value),
  };
  return verdicts[argument.op];
}

const NAMES_BY_NUMBER = new Map(
  SYSCALL_ABIS.map((abi) => {
    const byNumber = Map.groupBy(NAMES, (name) => syscallNumber(abi, name) ?? -1);
    return [abi, byNumber] as const;
  }),
);

interface Verdict {
  readonly action: number;
  readonly always: boolean;
  readonly matches: boolean;
}

/** `selector`: the rule speaks of the call through a multiplexer, whose first argument says so. */
function verdictOf(syscall: SeccompSyscall, call: Call, selector?: number): Verdict {
  const args = syscall.args ?? [];
  const indices = args.map((argument) => argument.index);
  const results = args
    .filter((argument) => selector === undefined || argument.index !== 0)
    .map((argument) => holds(argument, call));
  const twice = new Set(indices).size < indices.length;
  const selected =
    selector === undefined || BigInt.asUintN(32, call.args[0] ?? 0n) === BigInt(selector);
  return {
    action: returns(syscall.action, syscall.errnoRet),
    always: args.length === 0 && selector === undefined,
    matches: selected && (twice ? results.includes(true) : !results.includes(false)),
  };
}

/** Rules that speak of the call by its own name, or on 32-bit x86 through socketcall and ipc. */
function verdicts(profile: SeccompProfile, call: Call): Verdict[] {
  const names = NAMES_BY_NUMBER.get(call.abi)?.get(call.number) ?? [];
  const fallback = returns(profile.defaultAction, profile.defaultErrnoRet);
  const syscalls = (profile.syscalls ?? []).filter(
    (syscall) => returns(syscall.action, syscall.errnoRet) !== fallback,
  );
  const direct = syscalls
    .filter((syscall) => syscall.names.some((name) => names.includes(name)))
    .map((syscall) => verdictOf(syscall, call));
  const multiplexed = MULTIPLEXER_NAMES.filter(
    (name) => call.abi === "x86" && names.includes(name),
  ).flatMap((name) => MULTIPLEXERS[name]);
  const through = multiplexed.flatMap(({ name, selector }) => {
    const rules = syscalls.filter((syscall) => syscall.names.includes(name));
    const always = rules.find((rule) => (rule.args ?? []).length === 0);
    return (always === undefined ? rules : [always]).map((rule) => verdictOf(rule, call, selector));
  });
  const found = [...direct, ...through];
  const always = found.filter((verdict) => verdict.always);
  return always.length > 0 ? always : found;
}

/** Calls above the newest one that the profile names, whatever it says of it. */
function isNewer(profile: SeccompProfile, call: Call): boolean {
  if (call.abi === "arm" && call.number >= 0x0f0000) {
    return false;
  }
  const known = (profile.syscalls ?? [])
    .flatMap((syscall) => syscall.names.map((name) => syscallNumber(call.abi, name) ?? -1))
    .filter((number) => number >= 0 && number < 0x0f0000);
  return known.length > 0 && call.number > Math.max(...known);
}

function reference(profile: SeccompProfile, call: Call): number {
  const decision = verdicts(profile, call).find((verdict) => verdict.matches);
  if (decision !== undefined) {
    return decision.action;
  }
  const fallback = returns(profile.defaultAction, profile.defaultErrnoRet);
  const blocks = fallback < kernel.SECCOMP_RET_USER_NOTIF || fallback === 0x80000000;
  return blocks && isNewer(profile, call) ? ENOSYS : fallback;
}

// ---- Comparing ----

function compile(
  profile: SeccompProfile,
  architecture: "x86_64" | "aarch64" = "x86_64",
): CompiledSeccomp {
  return compileSeccomp(profile, { architecture });
}

function simulate(filter: Uint8Array, { abi, number, args }: Call): number {
  const nr = abi === "x32" ? number + 0x40000000 : number;
  return simulateBpf(filter, { arch: TOKENS[abi], nr, args });
}

/** Values at which comparisons with the profile's own values turn. */
function turningPoints(args: readonly SeccompArgument[]): bigint[] {
  const values = args.flatMap((argument) => [argument.value, argument.valueTwo ?? 0]).map(BigInt);
  const near = values.flatMap((value) => [
    value - 1n,
    value,
    value + 1n,
    value + (1n << 32n),
    ~value,
  ]);
  const ends = [0n, 1n, 0xffffffffn, 0x100000000n];
  return [...new Set([...ends, ...near].map((value) => BigInt.asUintN(64, value)))];
}

/** Arguments that meet each turning point in each place that a profile looks at. */
function argumentSets(profile: SeccompProfile, name: string): bigint[][] {
  const syscalls = (profile.syscalls ?? []).filter((syscall) => syscall.names.includes(name));
  const args = syscalls.flatMap((syscall) => syscall.args ?? []);
  const zeros = new Array<bigint>(6).fill(0n);
  const satisfying = [...zeros];
  for (const argument of args) {
    satisfying[argument.index] = BigInt(argument.value);
  }
  const points = turningPoints(args);
  const sets = [...new Set(args.map((argument) => argument.index))].flatMap((index) =>
    points.flatMap((point) => [satisfying.with(index, point), zeros.with(index, point)]),
  );
  const selectors = range(0, 26).map((selector) => satisfying.with(0, BigInt(selector)));
  return [satisfying, ...sets, ...(name === "socketcall" || name === "ipc" ? selectors : [])];
}

const NUMBERS = [...range(0, 600), 983040, 983041, 983045, 983046, 983047, 0x0fffffff];

function allCalls(profile: SeccompProfile, abi: SyscallAbi): Call[] {
  return NUMBERS.flatMap((number) => {
    const sets = argumentSets(profile, syscallName(abi, number) ?? "");
    return sets.map((args) => ({ abi, number, args }));
  });
}

function differences(
  profile: SeccompProfile,
  filter: Uint8Array,
  abis: readonly SyscallAbi[],
): string[] {
  return abis
    .flatMap((abi) => allCalls(profile, abi))
    .map((call) => ({ call, got: simulate(filter, call), wanted: reference(profile, call) }))
    .filter(({ got, wanted }) => got !== wanted)
    .map(({ call, got, wanted }) => {
      const text = `${call.abi} ${call.number}(${call.args})`;
      return `${text}: 0x${got.toString(16)}, not 0x${wanted.toString(16)}`;
    });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** What the kernel demands before it loads a filter: seccomp_check_filter(), bpf_check_classic(). */
function loadFaults(filter: Uint8Array): string[] {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const count = filter.byteLength / bpf.SOCK_FILTER_BYTES;
  const faults: string[] = [];
  for (let index = 0; index < count; index++) {
    const code = view.getUint16(index * 8, true);
    const operand = view.getUint32(index * 8 + 4, true);
    const kind = code & 7;
    const jumps =
      code === 0x05 ? [operand] : [view.getUint8(index * 8 + 2), view.getUint8(index * 8 + 3)];
    const leavesProgram = kind === 5 && jumps.some((distance) => index + 1 + distance >= count);
    const loadsOutside = code === 0x20 && (operand % 4 !== 0 || operand > 60);
    if (
      leavesProgram ||
      loadsOutside ||
      ![0x20, 0x54, 0x05, 0x15, 0x35, 0x45, 0x06].includes(code)
    ) {
      faults.push(`instruction ${index}: code 0x${code.toString(16)} operand ${operand}`);
    }
  }
  if (count === 0 || count > 4096 || view.getUint16((count - 1) * 8, true) !== 0x06) {
    faults.push(`${count} instructions, or the last one is no return`);
  }
  return faults;
}

const X86_ABIS = ["x86_64", "x86", "x32"] as const;
const X86_ARCHITECTURES = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"] as const;

function checkProfile(name: string, profile: SeccompProfile): void {
  test(name, () => {
    const all: SeccompProfile = { ...profile, architectures: X86_ARCHITECTURES };
    const { filter } = compile(all);
    expect(loadFaults(filter)).toEqual([]);
    expect(differences(all, filter, X86_ABIS)).toEqual([]);
    const arms: SeccompProfile = {
      ...profile,
      architectures: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
    };
    const onArm = compile(arms, "aarch64").filter;
    expect(loadFaults(onArm)).toEqual([]);
    expect(differences(arms, onArm, ["aarch64", "arm"])).toEqual([]);
  });
}

const call = (
  names: readonly string[],
  action: SeccompAction,
  ...args: readonly [
    index: number,
    op: string,
    value: number | bigint,
    valueTwo?: number | bigint,
  ][]
): SeccompSyscall => ({
  names,
  action,
  args: args.map(([index, op, value, valueTwo]) => ({
    index,
    op: `SCMP_CMP_${op}` as SeccompOperator,
    value,
    ...(valueTwo === undefined ? {} : { valueTwo }),
  })),
});

describe("every number decides as the profile says", () => {
  checkProfile("Docker's default profile", DOCKER_DEFAULT);
  checkProfile("no calls", { defaultAction: "SCMP_ACT_ERRNO" });
  checkProfile("no calls, everything allowed", { defaultAction: "SCMP_ACT_ALLOW" });
  checkProfile("one call", {
    defaultAction: "SCMP_ACT_KILL_PROCESS",
    syscalls: [call(["read"], "SCMP_ACT_ALLOW")],
  });
  checkProfile("a denylist", {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [
      call(["mount", "umount2", "ptrace"], "SCMP_ACT_ERRNO"),
      { names: ["kexec_load"], action: "SCMP_ACT_ERRNO", errnoRet: 38 },
      call(["reboot"], "SCMP_ACT_KILL"),
      call(["swapon"], "SCMP_ACT_TRAP"),
      call(["socket"], "SCMP_ACT_ERRNO", [0, "EQ", 40]),
      call(["semop", "msgget"], "SCMP_ACT_ERRNO"),
    ],
  });
  checkProfile("a default that only logs", {
    defaultAction: "SCMP_ACT_LOG",
    syscalls: [call(["read", "write"], "SCMP_ACT_ALLOW"), call(["close"], "SCMP_ACT_LOG")],
  });
  checkProfile("a default that asks a tracer", {
    defaultAction: "SCMP_ACT_TRACE",
    defaultErrnoRet: 7,
    syscalls: [{ names: ["read"], action: "SCMP_ACT_TRACE", errnoRet: 8 }],
  });
  checkProfile("a default ENOSYS", {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 38,
    syscalls: [call(["read"], "SCMP_ACT_ALLOW")],
  });
  checkProfile("private calls of ARM", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [call(["read", "cacheflush", "set_tls", "sync_file_range2"], "SCMP_ACT_ALLOW")],
  });
  checkProfile("every operator", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      call(["read"], "SCMP_ACT_ALLOW", [0, "EQ", 5]),
      call(["write"], "SCMP_ACT_ALLOW", [1, "NE", 5]),
      call(["open", "openat"], "SCMP_ACT_ALLOW", [2, "LT", 5]),
      call(["close"], "SCMP_ACT_ALLOW", [3, "LE", 5]),
      call(["fstat", "fstat64"], "SCMP_ACT_ALLOW", [4, "GT", 5]),
      call(["lseek"], "SCMP_ACT_ALLOW", [5, "GE", 5]),
      call(["ioctl"], "SCMP_ACT_ALLOW", [1, "MASKED_EQ", 0xff00, 0x1200]),
      call(["fcntl"], "SCMP_ACT_ALLOW", [1, "MASKED_EQ", 0xff00, 0]),
      call(["dup"], "SCMP_ACT_ALLOW", [1, "MASKED_EQ", 0, 0]),
      call(["dup3"], "SCMP_ACT_ALLOW", [1, "MASKED_EQ", 0, 7]),
      call(["pipe2"], "SCMP_ACT_ALLOW", [1, "MASKED_EQ", 0xffffffffffffffffn, 9]),
      call(["kill"], "SCMP_ACT_ALLOW", [1, "MASKED_EQ", 0xf0, 0x1ff]),
    ],
  });
  checkProfile("the ends of 64 bits", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      call(["read"], "SCMP_ACT_ALLOW", [0, "EQ", 0xffffffffffffffffn]),
      call(["write"], "SCMP_ACT_ALLOW", [0, "GT", 0xffffffffffffffffn]),
      call(["openat"], "SCMP_ACT_ALLOW", [0, "GE", 0xffffffffffffffffn]),
      call(["close"], "SCMP_ACT_ALLOW", [0, "LE", 0xffffffffffffffffn]),
      call(["fstat"], "SCMP_ACT_ALLOW", [0, "NE", 0xffffffffffffffffn]),
      call(["lseek"], "SCMP_ACT_ALLOW", [0, "LT", 0]),
      call(["ioctl"], "SCMP_ACT_ALLOW", [0, "GE", 0]),
      call(["fcntl"], "SCMP_ACT_ALLOW", [0, "NE", 0]),
      call(["dup"], "SCMP_ACT_ALLOW", [0, "GT", 0xffffffff]),
      call(["dup3"], "SCMP_ACT_ALLOW", [0, "LE", 0x1ffffffffn]),
      call(["pipe2"], "SCMP_ACT_ALLOW", [0, "EQ", 0x500000005]),
      call(["kill"], "SCMP_ACT_ALLOW", [0, "MASKED_EQ", 0xff00000000n, 0x1200000000n]),
    ],
  });
  checkProfile("rules of one call: any may match, all conditions of one must", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      call(["socket"], "SCMP_ACT_ALLOW", [0, "EQ", 1], [1, "MASKED_EQ", 0xf, 1]),
      call(["socket"], "SCMP_ACT_ALLOW", [0, "EQ", 2], [2, "NE", 0]),
      call(["socket"], "SCMP_ACT_ALLOW", [0, "GE", 0x100000000]),
      call(["socket"], "SCMP_ACT_KILL", [2, "EQ", 77]),
    ],
  });
  checkProfile("two conditions on one argument are two rules", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [call(["prctl"], "SCMP_ACT_ALLOW", [0, "EQ", 15], [0, "EQ", 16], [1, "EQ", 3])],
  });
  checkProfile("of rules that overlap the first decides", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      call(["prctl"], "SCMP_ACT_KILL", [0, "EQ", 15]),
      call(["prctl"], "SCMP_ACT_ALLOW", [0, "GE", 10]),
      call(["prctl"], "SCMP_ACT_TRAP", [0, "GE", 5]),
    ],
  });
  checkProfile("a rule without conditions wins over those that have some", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      call(["prctl"], "SCMP_ACT_KILL", [0, "EQ", 15]),
      call(["prctl", "read"], "SCMP_ACT_ALLOW"),
      call(["read", "prctl"], "SCMP_ACT_TRAP"),
    ],
  });
  checkProfile("multiplexed calls", {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [
      call(["socket"], "SCMP_ACT_ALLOW", [0, "NE", 40], [1, "EQ", 2]),
      call(["accept", "bind", "shmget"], "SCMP_ACT_ALLOW"),
      call(["semctl"], "SCMP_ACT_ALLOW", [1, "EQ", 3]),
    ],
  });
});

test("random profiles decide as they say", () => {
  const random = randomNumbers(20261);
  for (let round = 0; round < 25; round++) {
    const profile = randomProfile(random);
    const { filter } = compile(profile);
    const faults = [...loadFaults(filter), ...differences(profile, filter, X86_ABIS)];
    if (faults.length > 0) {
      expect({ round, profile, faults: faults.slice(0, 5) }).toEqual({
        round,
        profile,
        faults: [],
      });
    }
  }
  expect(random(2)).toBeLessThan(2);
});

/** xorshift32: the same profiles in every run. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

function randomProfile(random: (limit: number) => number): SeccompProfile {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const actions = Object.keys(RETURNS).filter(
    (name) => name !== "SCMP_ACT_NOTIFY",
  ) as SeccompAction[];
  const operators = ["EQ", "NE", "LT", "LE", "GT", "GE", "MASKED_EQ"];
  const values = [
    0, 1, 2, 7, 8, 40, 0xffff, 0x7e020000, 0x80000000, 0xffffffff, 0x100000000, 0x100000007,
  ];
  const pool = Array.from({ length: 1 + random(120) }, () => pick(NAMES));
  // Selected rules of one multiplexer may only differ in action when their calls differ.
  const plain = pool.filter(
    (name) => !/sock|send|recv|msg|sem|shm|accept|bind|listen|connect|shut|ipc|getpeer/.test(name),
  );
  const syscalls = Array.from({ length: random(80) }, () => {
    const args = Array.from({ length: random(3) }, (): [number, string, number, number] => [
      random(6),
      pick(operators),
      pick(values),
      pick(values),
    ]);
    return call(plain.length === 0 ? ["read"] : [pick(plain), pick(plain)], pick(actions), ...args);
  });
  return { defaultAction: pick(actions), architectures: X86_ARCHITECTURES, syscalls };
}

describe("interfaces", () => {
  const allowRead: SeccompProfile = {
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [call(["read"], "SCMP_ACT_ALLOW")],
  };

  test("the native one is covered without being listed, others are killed", () => {
    const { filter } = compile(allowRead);
    expect(simulate(filter, { abi: "x86_64", number: 0, args: [] })).toBe(ALLOW);
    expect(simulate(filter, { abi: "x86", number: 3, args: [] })).toBe(KILL);
    expect(simulate(filter, { abi: "x32", number: 0, args: [] })).toBe(KILL);
    expect(simulate(filter, { abi: "aarch64", number: 63, args: [] })).toBe(KILL);
    expect(simulate(filter, { abi: "arm", number: 3, args: [] })).toBe(KILL);
  });

  test("a call that a tracer skips is not killed where x32 is not covered", () => {
    const { filter } = compile(allowRead);
    const skipped = (nr: number): number => simulateBpf(filter, { arch: TOKENS.x86_64, nr });
    expect(skipped(0xffffffff)).toBe(EPERM);
    expect(skipped(0xfffffffe)).toBe(KILL);
    expect(skipped(0x40000000)).toBe(KILL);
    expect(skipped(0x3fffffff)).toBe(ENOSYS);
  });

  test("those that this machine cannot run are left out with a warning", () => {
    const { filter, warnings } = compile({
      ...allowRead,
      architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_S390X"],
    });
    expect(filter).toEqual(compile(allowRead).filter);
    expect(warnings).toEqual([
      "linux.seccomp.architectures: SCMP_ARCH_AARCH64 cannot run here: ignored",
      "linux.seccomp.architectures: SCMP_ARCH_S390X cannot run here: ignored",
    ]);
  });

  test("names that no interface knows are told and without effect", () => {
    const { filter, unknownCalls } = compile({
      ...allowRead,
      syscalls: [call(["read", "no_such_call"], "SCMP_ACT_ALLOW")],
    });
    expect(filter).toEqual(compile(allowRead).filter);
    expect(unknownCalls).toEqual(["no_such_call"]);
  });
});

describe("flags", () => {
  const flags = (profile: Partial<SeccompProfile>, kernelFlags?: number): CompiledSeccomp =>
    compileSeccomp(
      { defaultAction: "SCMP_ACT_ALLOW", ...profile },
      { architecture: "x86_64", ...(kernelFlags === undefined ? {} : { kernelFlags }) },
    );
  const asks = [call(["mkdir"], "SCMP_ACT_NOTIFY")];

  test("each one", () => {
    expect(flags({ flags: [] }).flags).toBe(0);
    expect(flags({ flags: ["SECCOMP_FILTER_FLAG_TSYNC"] }).flags).toBe(0);
    expect(flags({ flags: ["SECCOMP_FILTER_FLAG_LOG"] }).flags).toBe(2);
    const both = flags({ flags: ["SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_LOG"] });
    expect(both.flags).toBe(6);
    expect(both.notifies).toBe(false);
  });

  test("without a word of flags SPEC_ALLOW, where the kernel knows it", () => {
    expect(flags({}).flags).toBe(4);
    expect(flags({}, 3).flags).toBe(0);
  });

  test("a rule that notifies makes a listener", () => {
    const profile: Partial<SeccompProfile> = {
      flags: ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
      listenerPath: "/run/agent",
      syscalls: asks,
    };
    const compiled = flags(profile);
    expect(compiled.flags).toBe(8 + 32);
    expect(compiled.notifies).toBe(true);
    const mkdir = simulate(compiled.filter, { abi: "x86_64", number: 83, args: [] });
    expect(mkdir).toBe(kernel.SECCOMP_RET_USER_NOTIF);
  });

  test("WAIT_KILLABLE_RECV without a listener would be refused by the kernel: left out", () => {
    const compiled = flags({
      flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"],
    });
    expect(compiled.flags).toBe(2);
    expect(compiled.warnings).toHaveLength(1);
    expect(compiled.warnings[0]).toStartWith("linux.seccomp.flags[1]: ");
  });

  test("one that the kernel lacks is refused by name", () => {
    const spec: Partial<SeccompProfile> = { flags: ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"] };
    expect(flags(spec, 4).flags).toBe(4);
    expect(() => flags(spec, 2)).toThrow(
      "compile linux.seccomp.flags[0]: this kernel does not know SECCOMP_FILTER_FLAG_SPEC_ALLOW",
    );
  });
});

describe("size", () => {
  test("jumps farther than 255 instructions take a step in between", () => {
    const syscalls = NAMES.slice(0, 300).map((name, index) =>
      call([name], "SCMP_ACT_ALLOW", [index % 6, "MASKED_EQ", index + 1, index]),
    );
    const profile: SeccompProfile = {
      defaultAction: "SCMP_ACT_ERRNO",
      architectures: X86_ARCHITECTURES,
      syscalls,
    };
    const { filter } = compile(profile);
    expect(filter.byteLength / 8).toBeGreaterThan(1000);
    expect(loadFaults(filter)).toEqual([]);
    expect(differences(profile, filter, X86_ABIS)).toEqual([]);
  });

  test("a filter that the kernel would not take is refused", () => {
    const syscalls = range(0, 3000).map((value) =>
      call(["ioctl"], "SCMP_ACT_ALLOW", [0, "EQ", value], [1, "EQ", value]),
    );
    const tooLarge = (): unknown => compile({ defaultAction: "SCMP_ACT_ERRNO", syscalls });
    expect(tooLarge).toThrow(OcicatError);
    expect(tooLarge).toThrow(/the filter has \d+ instructions, the kernel takes 4096/);
  });

  test("Docker's default profile stays small and quick", () => {
    const { filter } = compile(DOCKER_DEFAULT);
    const runs = range(0, 462).map((nr) => runBpf(filter, { arch: TOKENS.x86_64, nr, args: [2] }));
    const executed = runs.reduce((sum, run) => sum + run.executed, 0) / runs.length;
    expect(filter.byteLength / 8).toBeLessThan(300);
    expect(executed).toBeLessThan(12);
  });
});
