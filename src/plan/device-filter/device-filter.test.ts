import { describe, expect, test } from "bun:test";
import * as bpf from "../../abi/device-bpf.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { DeviceCgroupRule } from "../../oci/resources.ts";
import { compileDeviceFilter } from "./compile-device-filter.ts";
import { DEFAULT_DEVICE_RULES } from "./device-rules.ts";
import { type DeviceWrite, v1DeviceWrites } from "./v1-device-writes.ts";

interface Request {
  readonly kind: "b" | "c";
  readonly major: number;
  readonly minor: number;
  /** "m", "r", "w", "rw": what the kernel asks for. */
  readonly access: string;
}

const NUMBERS = [0, 1, 2, 3, 5, 9, 136, 0xffffffff];

const REQUESTS: readonly Request[] = (["b", "c"] as const).flatMap((kind) =>
  NUMBERS.flatMap((major) =>
    NUMBERS.flatMap((minor) =>
      ["m", "r", "w", "rw"].map((access) => ({ kind, major, minor, access })),
    ),
  ),
);

/** "allow c 1:3 rw", "deny a". */
function parseRule(text: string): DeviceCgroupRule {
  const [word, type, numbers = "*:*", access] = text.split(" ");
  const [major = "*", minor = "*"] = numbers.split(":");
  return {
    allow: word === "allow",
    ...(type === "-" ? {} : { type: type as "a" | "b" | "c" }),
    ...(major === "*" ? {} : { major: Number(major) }),
    ...(minor === "*" ? {} : { minor: Number(minor) }),
    ...(access === undefined ? {} : { access }),
  };
}

// ---- What rules mean, said once more: for each letter the last rule that covers it ----

function isAllowed(rules: readonly DeviceCgroupRule[], request: Request): boolean {
  return [...request.access].every((letter) => {
    const last = rules.findLast((rule) => decides(rule, request, letter));
    return last?.allow ?? false;
  });
}

function decides(rule: DeviceCgroupRule, request: Request, letter: string): boolean {
  const letters = rule.access === undefined || rule.access === "" ? "rwm" : rule.access;
  const type = rule.type ?? "a";
  if (type === "a" && new Set(letters).size === 3) {
    return true;
  }
  const fits = (value: number | undefined, asked: number): boolean =>
    value === undefined || value === -1 || value === asked;
  return (
    letters.includes(letter) &&
    (type === "a" || type === request.kind) &&
    fits(rule.major, request.major) &&
    fits(rule.minor, request.minor)
  );
}

// ---- The program, run as the kernel would ----

const ACCESS_BITS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };

interface Instruction {
  readonly code: number;
  readonly destination: number;
  readonly source: number;
  readonly offset: number;
  readonly immediate: bigint;
}

function decode(program: Uint8Array): Instruction[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  return Array.from({ length: program.byteLength / bpf.BPF_INSN_BYTES }, (_, index) => ({
    code: view.getUint8(index * 8),
    destination: view.getUint8(index * 8 + 1) & 15,
    source: view.getUint8(index * 8 + 1) >> 4,
    offset: view.getInt16(index * 8 + 2, true),
    immediate: BigInt(view.getInt32(index * 8 + 4, true)),
  }));
}

function runFilter(program: Uint8Array, { kind, major, minor, access }: Request): number {
  const bits = [...access].reduce((sum, letter) => sum | (ACCESS_BITS[letter] ?? 0), 0);
  const context = [(bits << 16) | (kind === "b" ? 1 : 2), major, minor];
  const registers = new Array<bigint>(11).fill(-1n);
  const instructions = decode(program);
  let index = 0;
  for (;;) {
    const instruction = instructions[index];
    if (instruction === undefined) {
      throw new Error("the program runs past its end");
    }
    if (instruction.code === bpf.BPF_EXIT) {
      return Number(registers[0]);
    }
    const value = registers[instruction.destination] ?? 0n;
    if ((instruction.code & 7) === 5) {
      index += jumps(instruction, value) ? instruction.offset : 0;
    } else {
      registers[instruction.destination] = computed(instruction, value, registers, context);
    }
    index += 1;
  }
}

/** Comparisons have 64 bits; the immediate is extended with its sign. */
function jumps({ code, immediate }: Instruction, value: bigint): boolean {
  const operand = BigInt.asUintN(64, immediate);
  switch (code) {
    case bpf.BPF_JUMP:
      return true;
    case bpf.BPF_JUMP_EQUAL:
      return value === operand;
    case bpf.BPF_JUMP_NOT_EQUAL:
      return value !== operand;
    case bpf.BPF_JUMP_BITS_SET:
      return (value & operand) !== 0n;
    default:
      throw new Error(`unknown jump 0x${code.toString(16)}`);
  }
}

function computed(
  { code, source, offset, immediate }: Instruction,
  value: bigint,
  registers: readonly bigint[],
  context: readonly number[],
): bigint {
  switch (code) {
    case bpf.BPF_LOAD_WORD:
      return BigInt(context[offset / 4] ?? -1);
    case bpf.BPF_MOVE32_REGISTER:
      return BigInt.asUintN(32, registers[source] ?? 0n);
    case bpf.BPF_MOVE32:
      return BigInt.asUintN(32, immediate);
    case bpf.BPF_AND32:
      return BigInt.asUintN(32, value & immediate);
    case bpf.BPF_SHIFT_RIGHT32:
      return BigInt.asUintN(32, value) >> immediate;
    default:
      throw new Error(`unknown code 0x${code.toString(16)}`);
  }
}

/** Verifiers refuse programs with instructions that nothing leads to. */
function unreachable(program: Uint8Array): number[] {
  const reached = new Set([0]);
  const instructions = decode(program);
  for (const [index, { code, offset }] of instructions.entries()) {
    const isJump = (code & 7) === 5 && code !== bpf.BPF_EXIT;
    if (reached.has(index) && isJump) {
      reached.add(index + 1 + offset);
    }
    if (reached.has(index) && code !== bpf.BPF_EXIT && code !== bpf.BPF_JUMP) {
      reached.add(index + 1);
    }
  }
  return [...instructions.keys()].filter((index) => !reached.has(index));
}

// ---- The devices files of cgroup v1, as security/device_cgroup.c treats them ----

interface V1Exception {
  readonly kind: string;
  readonly major: string;
  readonly minor: string;
  access: Set<string>;
}

class V1Cgroup {
  #allowsByDefault = true;
  #exceptions: V1Exception[] = [];

  write({ file, text }: DeviceWrite): void {
    const isAllow = file === "devices.allow";
    const [, kind = "", major = "", minor = "", letters = ""] =
      /^([abc]) (\*|\d+):(\*|\d+) ([rwm]+)$/.exec(text) ?? [];
    if (kind === "") {
      throw new Error(`EINVAL: ${text}`);
    }
    if (kind === "a") {
      this.#allowsByDefault = isAllow;
      this.#exceptions = [];
      return;
    }
    const same = this.#exceptions.find(
      (entry) => entry.kind === kind && entry.major === major && entry.minor === minor,
    );
    if (isAllow === this.#allowsByDefault) {
      throw new Error(`removes an exception: ${text}`);
    }
    if (same === undefined) {
      this.#exceptions.push({ kind, major, minor, access: new Set(letters) });
    } else {
      same.access = same.access.union(new Set(letters));
    }
  }

  allows({ kind, major, minor, access }: Request): boolean {
    const asked = new Set(access);
    const matching = this.#exceptions.filter(
      (entry) =>
        entry.kind === kind &&
        ["*", String(major)].includes(entry.major) &&
        ["*", String(minor)].includes(entry.minor),
    );
    return this.#allowsByDefault
      ? !matching.some((entry) => !asked.isDisjointFrom(entry.access))
      : matching.some((entry) => asked.isSubsetOf(entry.access));
  }
}

function v1Cgroup(rules: readonly DeviceCgroupRule[]): V1Cgroup {
  const cgroup = new V1Cgroup();
  for (const write of v1DeviceWrites(rules)) {
    cgroup.write(write);
  }
  return cgroup;
}

// ---- Tests ----

const RULE_LISTS: Readonly<Record<string, readonly string[]>> = {
  "no rules": [],
  "deny all": ["deny a *:* rwm"],
  "allow all": ["allow a *:* rwm"],
  "rules without a type": ["allow - *:* rwm"],
  "deny all after rules": ["allow c 1:3 rwm", "deny a"],
  "one device": ["deny a", "allow c 1:3 rwm"],
  "a part of the access": ["deny a", "allow c 1:3 r"],
  "access by two rules": ["deny a", "allow c 1:3 r", "allow c 1:3 w"],
  "access by a wider and a narrower rule": ["deny a", "allow c 1:* r", "allow c 1:3 w"],
  "any minor": ["deny a", "allow c 136:* rw"],
  "any major": ["deny a", "allow b *:9 rw"],
  "all of a kind": ["deny a", "allow b *:* rwm"],
  "making nodes of all": ["deny a", "allow a *:* m"],
  "taken back": ["deny a", "allow c 1:3 rwm", "deny c 1:3 w"],
  "taken back by a wider rule": ["deny a", "allow c 1:3 rwm", "allow b 1:3 r", "deny c *:* w"],
  "taken back and given again": ["allow c 1:3 rw", "deny c 1:3 rw", "allow c 1:3 r"],
  "all but one": ["allow a", "deny c 1:3 rwm"],
  "all but writing to one": ["allow a", "deny c 1:3 w"],
  "all but a kind": ["allow a", "deny b *:* rwm", "allow b *:* m"],
  "numbers beyond 31 bits": ["allow c 4294967295:4294967295 rwm"],
  "numbers with the type a": ["allow a 1:3 rwm", "deny c 1:3 r"],
  "less access with the type a": ["allow a 1:3 rw"],
  "empty access": ["allow c 1:3 "],
};

/** cgroup v1 has no way to say these. */
const BEYOND_V1: Readonly<Record<string, readonly string[]>> = {
  "a hole in what is allowed": ["deny a", "allow c 1:* rwm", "deny c 1:3 w"],
  "a hole in what is denied": ["allow a", "deny c *:* rwm", "allow c 1:3 r"],
  "rules that cross": ["allow c 1:* r", "deny c *:3 r"],
};

describe("the compiled filter decides as the rules say", () => {
  for (const [name, texts] of Object.entries({ ...RULE_LISTS, ...BEYOND_V1 })) {
    test(name, () => {
      const rules = texts.map(parseRule);
      const program = compileDeviceFilter(rules);
      const wrong = REQUESTS.filter(
        (request) =>
          request.major <= 0x7fffffff &&
          request.minor <= 0x7fffffff &&
          runFilter(program, request) !== Number(isAllowed(rules, request)),
      );
      expect(wrong).toEqual([]);
      expect(unreachable(program)).toEqual([]);
    });
  }

  test("random rules", () => {
    const random = randomNumbers(99);
    for (let round = 0; round < 150; round++) {
      const rules = randomRules(random);
      const program = compileDeviceFilter(rules);
      const wrong = REQUESTS.filter(
        (request) => runFilter(program, request) !== Number(isAllowed(rules, request)),
      );
      expect({ rules, wrong, dead: unreachable(program) }).toEqual({ rules, wrong: [], dead: [] });
    }
  });

  test("rules that later ones make void are left out", () => {
    const defaults = compileDeviceFilter(DEFAULT_DEVICE_RULES);
    const twice = [...DEFAULT_DEVICE_RULES, parseRule("deny c 1:3 r"), ...DEFAULT_DEVICE_RULES];
    expect(compileDeviceFilter(twice)).toEqual(defaults);
    expect(compileDeviceFilter([parseRule("allow a"), parseRule("deny a")])).toHaveLength(8 * 8);
  });

  test("the default rules and nothing else, when a profile has none", () => {
    const program = compileDeviceFilter([parseRule("deny a"), ...DEFAULT_DEVICE_RULES]);
    const allows = (kind: "b" | "c", major: number, minor: number, access: string): boolean =>
      runFilter(program, { kind, major, minor, access }) === 1;
    for (const minor of [3, 5, 7, 8, 9]) {
      expect(allows("c", 1, minor, "rw")).toBe(true);
    }
    expect(allows("c", 5, 0, "rw")).toBe(true);
    expect(allows("c", 5, 2, "rw")).toBe(true);
    expect(allows("c", 136, 17, "rw")).toBe(true);
    expect(allows("c", 10, 200, "rw")).toBe(true);
    expect(allows("b", 8, 0, "m")).toBe(true);
    expect(allows("b", 8, 0, "r")).toBe(false);
    expect(allows("c", 1, 1, "r")).toBe(false);
    expect(allows("c", 5, 1, "w")).toBe(false);
    expect(allows("c", 10, 229, "rw")).toBe(false);
  });
});

describe("cgroup v1 ends in a state that decides as the rules say", () => {
  for (const [name, texts] of Object.entries(RULE_LISTS)) {
    test(name, () => {
      const rules = texts.map(parseRule);
      const cgroup = v1Cgroup(rules);
      const wrong = REQUESTS.filter(
        (request) => cgroup.allows(request) !== isAllowed(rules, request),
      );
      expect(wrong).toEqual([]);
    });
  }

  test("random rules, where it can say them", () => {
    const random = randomNumbers(7);
    const single = REQUESTS.filter(({ access }) => access.length === 1);
    let said = 0;
    for (let round = 0; round < 300; round++) {
      const rules = randomRules(random);
      const cgroup = v1CgroupUnlessRefused(rules);
      if (cgroup !== undefined) {
        said += 1;
        const wrong = single.filter(
          (request) => cgroup.allows(request) !== isAllowed(rules, request),
        );
        expect({ rules, wrong }).toEqual({ rules, wrong: [] });
      }
    }
    expect(said).toBeGreaterThan(100);
  });

  test("the writes", () => {
    const writes = (...texts: string[]): string[] =>
      v1DeviceWrites(texts.map(parseRule)).map(({ file, text }) => `${file} ${text}`);
    expect(writes("deny a", "allow c 1:3 mrw", "allow b *:* m", "allow c 136:* r")).toEqual([
      "devices.deny a *:* rwm",
      "devices.allow c 1:3 rwm",
      "devices.allow b *:* m",
      "devices.allow c 136:* r",
    ]);
    expect(writes("allow a", "deny c 1:3 w")).toEqual([
      "devices.allow a *:* rwm",
      "devices.deny c 1:3 w",
    ]);
  });
});

describe("cgroup v1 refuses what it would ignore in silence", () => {
  const check = (texts: readonly string[], reason: string): void => {
    test(texts.join(", "), () => {
      const write = (): unknown => v1DeviceWrites(texts.map(parseRule));
      expect(write).toThrow(OcicatError);
      expect(write).toThrow(reason);
    });
  };
  check(
    BEYOND_V1["a hole in what is allowed"] ?? [],
    'apply linux.resources.devices[2]: cgroup v1 cannot make it an exception from "c 1:* rwm", which allows more',
  );
  check(
    BEYOND_V1["a hole in what is denied"] ?? [],
    'apply linux.resources.devices[2]: cgroup v1 cannot make it an exception from "c *:* rwm", which denies more',
  );
  check(BEYOND_V1["rules that cross"] ?? [], 'exception from "c 1:* r"');
});

function v1CgroupUnlessRefused(rules: readonly DeviceCgroupRule[]): V1Cgroup | undefined {
  try {
    return v1Cgroup(rules);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "unsupported") {
      return undefined;
    }
    throw error;
  }
}

/** xorshift32: the same rules in every run. */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

function randomRules(random: (limit: number) => number): DeviceCgroupRule[] {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  return Array.from({ length: random(7) }, () => ({
    allow: random(3) > 0,
    type: pick(["a", "b", "c", "c"] as const),
    major: pick([-1, 1, 5]),
    minor: pick([-1, 3, 9]),
    access: pick(["rwm", "rwm", "r", "w", "m", "rw", ""]),
  }));
}
