// Compiles device rules to the eBPF program that cgroup v2 runs when a process of the container opens
// a device or makes a node of one.
//
//   r2: kind   r3: the access that no rule has allowed yet   r4: major   r5: minor
//   for each rule, the last one first:
//     does it cover the device? no: the next rule
//     it denies: any of r3 in it -> deny
//     it allows: take its access out of r3, nothing left -> allow
//   what the last rule for all devices says: deny where there is none
//
// Rules that later ones make void are left out.

import * as bpf from "../../abi/device-bpf.ts";
import type { DeviceCgroupRule } from "../../oci/resources.ts";
import { ALL_ACCESS, covers, type DeviceRule, normalRules, overlaps } from "./device-rules.ts";

type Verdict = "allow" | "deny";

interface Instruction {
  readonly code: number;
  readonly destination?: number;
  readonly source?: number;
  readonly immediate?: number;
  /** Of a load: where in the context; of a jump within a rule: how many instructions it skips. */
  readonly offset?: number;
  /** Of other jumps: the end of the program that they lead to. */
  readonly verdict?: Verdict;
}

const RESULT = 0;
const CONTEXT = 1;
const KIND = 2;
const ACCESS = 3;
const MAJOR = 4;
const MINOR = 5;

const KIND_NUMBERS = { b: bpf.BPF_DEVCG_DEV_BLOCK, c: bpf.BPF_DEVCG_DEV_CHAR } as const;

const LOAD_CONTEXT: readonly Instruction[] = [
  load(KIND, bpf.DEVICE_ACCESS_TYPE),
  { code: bpf.BPF_MOVE32_REGISTER, destination: ACCESS, source: KIND },
  { code: bpf.BPF_AND32, destination: KIND, immediate: 0xffff },
  { code: bpf.BPF_SHIFT_RIGHT32, destination: ACCESS, immediate: 16 },
  load(MAJOR, bpf.DEVICE_MAJOR),
  load(MINOR, bpf.DEVICE_MINOR),
];

function load(destination: number, offset: number): Instruction {
  return { code: bpf.BPF_LOAD_WORD, destination, source: CONTEXT, offset };
}

/**
 * An array of struct bpf_insn, for BPF_PROG_LOAD with the type BPF_PROG_TYPE_CGROUP_DEVICE. A
 * number from 2^31 on matches nothing: the kernel's have 12 and 20 bits.
 */
export function compileDeviceFilter(rules: readonly DeviceCgroupRule[]): Uint8Array {
  const normal = normalRules(rules);
  // The last rule for everything decides what no later one does. What comes before it is never
  // reached, and verifiers refuse dead code.
  const base = normal.findLastIndex(({ kind }) => kind === undefined);
  const otherwise: Verdict = normal[base]?.allow === true ? "allow" : "deny";
  const blocks = effectiveRules(normal.slice(base + 1)).map(({ rule, open }, index, all) => {
    const earlier = all.slice(0, index).map((entry) => entry.rule);
    const isFinal = otherwise === "deny" && !mayBeAllowed(rule, open, earlier);
    const verdict = verdictBlock(rule, open, isFinal);
    return [...coverageBlock(rule, verdict.length), ...verdict];
  });
  return assemble([...LOAD_CONTEXT, ...blocks.reverse().flat()], otherwise);
}

interface EffectiveRule {
  readonly rule: DeviceRule;
  /** What may still be asked for where the rule is reached. */
  readonly open: number;
}

/** Without the rules that have nothing to decide, as later ones do for all their devices. */
function effectiveRules(rules: readonly DeviceRule[]): EffectiveRule[] {
  return rules
    .map((rule, index) => ({ rule, open: openAccess(rule, rules.slice(index + 1)) }))
    .filter(({ rule, open }) => (rule.access & open) !== 0);
}

/** Later rules that cover this one have seen to all other access. */
function openAccess(rule: DeviceRule, later: readonly DeviceRule[]): number {
  return later
    .filter((other) => covers(other, rule))
    .reduce((open, other) => open & ~other.access, ALL_ACCESS);
}

/** May an earlier rule allow more of the devices that this rule is about, beside what it allows? */
function mayBeAllowed(rule: DeviceRule, open: number, earlier: readonly DeviceRule[]): boolean {
  const missing = open & ~rule.access;
  return earlier.some(
    (other) => other.allow && (other.access & missing) !== 0 && overlaps(other, rule),
  );
}

/** Skips the verdict unless the rule covers the device. */
function coverageBlock({ kind, major, minor }: DeviceRule, verdictLength: number): Instruction[] {
  const demands: [register: number, value: number][] = [];
  if (kind !== undefined) {
    demands.push([KIND, KIND_NUMBERS[kind]]);
  }
  if (major !== -1) {
    demands.push([MAJOR, major]);
  }
  if (minor !== -1) {
    demands.push([MINOR, minor]);
  }
  return demands.map(([destination, immediate], index) => {
    const offset = demands.length - index - 1 + verdictLength;
    return { code: bpf.BPF_JUMP_NOT_EQUAL, destination, immediate, offset };
  });
}

/**
 * `isFinal`: what an allowing rule does not allow, no other does. To end here spares the verifier a
 * path through all other rules.
 */
function verdictBlock(
  { allow, access }: DeviceRule,
  open: number,
  isFinal: boolean,
): Instruction[] {
  const missing = open & ~access;
  if (missing === 0) {
    return [{ code: bpf.BPF_JUMP, verdict: allow ? "allow" : "deny" }];
  }
  const any = (immediate: number): Instruction => ({
    code: bpf.BPF_JUMP_BITS_SET,
    destination: ACCESS,
    immediate,
    verdict: "deny",
  });
  if (!allow) {
    return [any(access)];
  }
  if (isFinal) {
    return [any(missing), { code: bpf.BPF_JUMP, verdict: "allow" }];
  }
  return [
    { code: bpf.BPF_AND32, destination: ACCESS, immediate: missing },
    { code: bpf.BPF_JUMP_EQUAL, destination: ACCESS, immediate: 0, verdict: "allow" },
  ];
}

/** Appends the ends: what the last rule falls through to, then the other one if a rule leads there. */
function assemble(body: readonly Instruction[], otherwise: Verdict): Uint8Array {
  const other = otherwise === "allow" ? "deny" : "allow";
  const fallThrough = ending(otherwise);
  const isOtherUsed = body.some(({ verdict }) => verdict === other);
  const all = [...body, ...fallThrough, ...(isOtherUsed ? ending(other) : [])];
  const ends = {
    [otherwise]: body.length,
    [other]: body.length + fallThrough.length,
  };
  const view = new DataView(new ArrayBuffer(all.length * bpf.BPF_INSN_BYTES));
  for (const [index, instruction] of all.entries()) {
    const { code, destination = 0, source = 0, immediate = 0, offset = 0, verdict } = instruction;
    const distance = verdict === undefined ? offset : (ends[verdict] ?? 0) - index - 1;
    const start = index * bpf.BPF_INSN_BYTES;
    view.setUint8(start, code);
    view.setUint8(start + 1, destination | (source << 4));
    view.setInt16(start + 2, distance, true);
    view.setInt32(start + 4, immediate, true);
  }
  return new Uint8Array(view.buffer);
}

function ending(verdict: Verdict): Instruction[] {
  return [
    { code: bpf.BPF_MOVE32, destination: RESULT, immediate: verdict === "allow" ? 1 : 0 },
    { code: bpf.BPF_EXIT },
  ];
}
