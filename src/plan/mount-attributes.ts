// mount_setattr(2): what is read-only, what propagates where, whose ids a mount shows.
//
// struct mount_attr, four 64-bit fields: attr_set, attr_clr, propagation, userns_fd.

import { AT_EMPTY_PATH, AT_RECURSIVE } from "../abi/file.ts";
import { MOUNT_ATTR_IDMAP } from "../abi/mount.ts";
import { named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";
import { MOUNT_ATTR_NAMES, MS_NAMES } from "./flag-names.ts";
import type { MountOptions } from "./mount-options.ts";

const MOUNT_ATTR_BYTES = 32;
const USERNS_FIELD = 24;

export interface AttributeChange {
  readonly set: number;
  readonly clear: number;
  /** MS_SHARED and so on; 0: unchanged. */
  readonly propagation: number;
  readonly recursive: boolean;
}

/** Changes the mount that `fd` is at the root of. */
export function setAttributes(
  program: ProgramBuilder,
  fd: Register,
  change: AttributeChange,
  describes?: Words,
): void {
  const key = `mount_attr ${change.set} ${change.clear} ${change.propagation}`;
  const attributes = program.sharedStructure(
    key,
    () => describeChange(change),
    () => {
      const content = new Uint32Array(MOUNT_ATTR_BYTES / 4);
      content[0] = change.set;
      content[2] = change.clear;
      content[4] = change.propagation;
      return content;
    },
  );
  program.call(
    "mount_setattr",
    [fd, program.text(""), atFlags(change.recursive), attributes, MOUNT_ATTR_BYTES],
    describes === undefined ? {} : { describes },
  );
}

/** Shows the mount's files with the ids that the user namespace behind `userNamespaceFd` maps. */
export function setIdMap(
  program: ProgramBuilder,
  fd: Register,
  userNamespaceFd: Register,
  recursive: boolean,
): void {
  const content = new Uint32Array(MOUNT_ATTR_BYTES / 4);
  content[0] = MOUNT_ATTR_IDMAP;
  const attributes = program.structure(content, "{+IDMAP}");
  program.control("store", [userNamespaceFd, offsetOf(attributes, USERNS_FIELD), 8]);
  const args = [fd, program.text(""), atFlags(recursive), attributes, MOUNT_ATTR_BYTES];
  program.call("mount_setattr", args, { describes: "map the ids of a mount" });
}

/** Everything that a mount's options ask of it, in as few calls as possible. */
export function applyMountOptions(
  program: ProgramBuilder,
  fd: Register,
  options: MountOptions,
  describes: Words,
): void {
  const { attributes, recursiveAttributes, propagation, recursivePropagation } = options;
  if (recursiveAttributes.set !== 0 || recursiveAttributes.clear !== 0 || recursivePropagation) {
    const change = { ...recursiveAttributes, propagation: recursivePropagation, recursive: true };
    setAttributes(program, fd, change, describes);
  }
  if (attributes.set !== 0 || attributes.clear !== 0 || propagation !== 0) {
    const change = { ...attributes, propagation, recursive: false };
    setAttributes(program, fd, change, describes);
  }
}

function atFlags(recursive: boolean) {
  return recursive
    ? named(AT_EMPTY_PATH | AT_RECURSIVE, "EMPTY_PATH|RECURSIVE")
    : named(AT_EMPTY_PATH, "EMPTY_PATH");
}

function describeChange({ set, clear, propagation }: AttributeChange): string {
  const parts = [...changed("+", set), ...changed("-", clear)];
  for (const [name, bit] of Object.entries(MS_NAMES)) {
    if (propagation === bit) {
      parts.push(name);
    }
  }
  return `{${parts.join(" ")}}`;
}

const ATIME_BITS = 0x70;

function changed(sign: string, bits: number): string[] {
  const parts = Object.entries(MOUNT_ATTR_NAMES)
    .filter(([, bit]) => (bits & bit) === bit && (bits & ATIME_BITS) !== ATIME_BITS)
    .map(([name]) => `${sign}${name}`);
  return (bits & ATIME_BITS) === ATIME_BITS
    ? [...changed(sign, bits & ~ATIME_BITS), `${sign}ATIME`]
    : parts;
}
