// Device rules of config.json in a form without gaps, and those that every container has.
//
// What they mean: a device is refused unless a rule allows it, and of several rules that cover it the
// last one decides, for each kind of access by itself. Where runc and crun decide alike this does too,
// but for access that only several rules together allow (read by one, write by another: allowed) and
// for a rule that denies a part of what is asked (denied).

import {
  BPF_DEVCG_ACC_MKNOD,
  BPF_DEVCG_ACC_READ,
  BPF_DEVCG_ACC_WRITE,
} from "../../abi/device-bpf.ts";
import type { DeviceCgroupRule } from "../../oci/resources.ts";

export type DeviceKind = "b" | "c";

export interface DeviceRule {
  readonly allow: boolean;
  /** Undefined: every device. */
  readonly kind: DeviceKind | undefined;
  /** -1: every number. */
  readonly major: number;
  readonly minor: number;
  /** BPF_DEVCG_ACC_* together. */
  readonly access: number;
  /** Its index in the list that it comes from. */
  readonly index: number;
}

const ACCESS_LETTERS = [
  ["r", BPF_DEVCG_ACC_READ],
  ["w", BPF_DEVCG_ACC_WRITE],
  ["m", BPF_DEVCG_ACC_MKNOD],
] as const;

export const ALL_ACCESS = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;

function accessBits(letters: string | undefined): number {
  if (letters === undefined || letters === "") {
    return ALL_ACCESS;
  }
  let bits = 0;
  for (const [letter, bit] of ACCESS_LETTERS) {
    bits |= letters.includes(letter) ? bit : 0;
  }
  return bits;
}

export function accessLetters(bits: number): string {
  return ACCESS_LETTERS.filter(([, bit]) => (bits & bit) !== 0)
    .map(([letter]) => letter)
    .join("");
}

/**
 * A rule of the type "a" with all access is for every device, whatever numbers it has: so does cgroup
 * v1 read it. With less access it is a rule for block and one for character devices.
 */
export function normalRules(rules: readonly DeviceCgroupRule[]): DeviceRule[] {
  return rules.flatMap((rule, index): DeviceRule[] => {
    const { allow, type = "a", major = -1, minor = -1 } = rule;
    const access = accessBits(rule.access);
    if (type === "a" && access === ALL_ACCESS) {
      return [{ allow, kind: undefined, major: -1, minor: -1, access, index }];
    }
    const kinds: readonly DeviceKind[] = type === "a" ? ["b", "c"] : [type];
    return kinds.map((kind) => ({ allow, kind, major, minor, access, index }));
  });
}

export type DeviceNumbers = Pick<DeviceRule, "kind" | "major" | "minor">;

/** Is `inner` about no other devices than `outer`? */
export function covers(outer: DeviceNumbers, inner: DeviceNumbers): boolean {
  return (
    (outer.kind === undefined || outer.kind === inner.kind) &&
    (outer.major === -1 || outer.major === inner.major) &&
    (outer.minor === -1 || outer.minor === inner.minor)
  );
}

/** Is there a device that both are about? */
export function overlaps(left: DeviceNumbers, right: DeviceNumbers): boolean {
  const meet = (one: number, other: number): boolean => one === -1 || other === -1 || one === other;
  const kindsMeet = left.kind === undefined || right.kind === undefined || left.kind === right.kind;
  return kindsMeet && meet(left.major, right.major) && meet(left.minor, right.minor);
}

/**
 * What every container may use, whatever its configuration denies: its owner appends these rules to
 * those of config.json. Making a node of any device is harmless, opening it is not. The list is
 * runc's, with /dev/net/tun: Kubernetes users mount it without a rule of their own.
 */
export const DEFAULT_DEVICE_RULES: readonly DeviceCgroupRule[] = [
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  { allow: true, type: "c", major: 1, minor: 3, access: "rwm" }, // null
  { allow: true, type: "c", major: 1, minor: 5, access: "rwm" }, // zero
  { allow: true, type: "c", major: 1, minor: 7, access: "rwm" }, // full
  { allow: true, type: "c", major: 1, minor: 8, access: "rwm" }, // random
  { allow: true, type: "c", major: 1, minor: 9, access: "rwm" }, // urandom
  { allow: true, type: "c", major: 5, minor: 0, access: "rwm" }, // tty
  { allow: true, type: "c", major: 5, minor: 2, access: "rwm" }, // ptmx
  { allow: true, type: "c", major: 136, access: "rwm" }, // pts
  { allow: true, type: "c", major: 10, minor: 200, access: "rwm" }, // net/tun
];
