// Which binary interfaces a filter covers, and what each call's number leads to in them.

import type { ArchitectureName } from "../../abi/architecture.ts";
import * as kernel from "../../abi/seccomp.ts";
import { syscallName, syscallRow } from "../../abi/syscall-tables/lookup.ts";
import {
  MULTIPLEXER_NAMES,
  MULTIPLEXERS,
  type MultiplexerName,
} from "../../abi/syscall-tables/multiplexed.ts";
import { SYSCALL_TABLES, type SyscallAbi } from "../../abi/syscall-tables/table.ts";
import type { SeccompProfile } from "../../oci/seccomp.ts";
import { type CallRules, type ConditionalRule, mergeRules, type RuleSet } from "./rules.ts";

export interface SyscallInterface {
  readonly abi: SyscallAbi;
  /** AUDIT_ARCH_*, as the filter sees it. */
  readonly token: number;
  /** Set in every number. */
  readonly numberBit: number;
  /** Arguments have 64 bits; of the others libseccomp compares 32, in x32 too. */
  readonly wide: boolean;
}

export const INTERFACES: Readonly<Record<SyscallAbi, SyscallInterface>> = {
  x86_64: { abi: "x86_64", token: kernel.AUDIT_ARCH_X86_64, numberBit: 0, wide: true },
  x86: { abi: "x86", token: kernel.AUDIT_ARCH_I386, numberBit: 0, wide: false },
  x32: {
    abi: "x32",
    token: kernel.AUDIT_ARCH_X86_64,
    numberBit: kernel.X32_SYSCALL_BIT,
    wide: false,
  },
  aarch64: { abi: "aarch64", token: kernel.AUDIT_ARCH_AARCH64, numberBit: 0, wide: true },
  arm: { abi: "arm", token: kernel.AUDIT_ARCH_ARM, numberBit: 0, wide: false },
};

/** Those that a processor can run, the native one first. */
const RUNNABLE: Readonly<Record<ArchitectureName, readonly SyscallAbi[]>> = {
  x86_64: ["x86_64", "x86", "x32"],
  aarch64: ["aarch64", "arm"],
};

const ABI_OF_PROFILE_NAME: Readonly<Partial<Record<string, SyscallAbi>>> = {
  SCMP_ARCH_X86_64: "x86_64",
  SCMP_ARCH_X86: "x86",
  SCMP_ARCH_X32: "x32",
  SCMP_ARCH_AARCH64: "aarch64",
  SCMP_ARCH_ARM: "arm",
};

export interface CoveredInterfaces {
  /** The native one first: a filter always covers it. */
  readonly covered: readonly SyscallInterface[];
  /** What the profile lists and this machine cannot run. */
  readonly foreign: readonly string[];
}

export function coveredInterfaces(
  profile: SeccompProfile,
  architecture: ArchitectureName,
): CoveredInterfaces {
  const listed = profile.architectures ?? [];
  const runnable = RUNNABLE[architecture];
  const abis = new Set(listed.map((name) => ABI_OF_PROFILE_NAME[name]));
  return {
    covered: runnable
      .filter((abi, index) => index === 0 || abis.has(abi))
      .map((abi) => INTERFACES[abi]),
    foreign: listed.filter((name) => {
      const abi = ABI_OF_PROFILE_NAME[name];
      return abi === undefined || !runnable.includes(abi);
    }),
  };
}

/** Does a filter of the profile tell apart the calls of the interface, on machines that can run it? */
export function isCovered(profile: SeccompProfile, abi: SyscallAbi): boolean {
  const isNative = Object.values(RUNNABLE).some(([native]) => native === abi);
  return (
    isNative || (profile.architectures ?? []).some((name) => ABI_OF_PROFILE_NAME[name] === abi)
  );
}

type RulesByRow = readonly (CallRules | undefined)[];

/** The rules of an interface, by row of the system call tables. */
export function interfaceRules(abi: SyscallAbi, { byRow }: RuleSet): RulesByRow {
  const { aliases } = SYSCALL_TABLES[abi];
  if (abi !== "x86" && aliases.length === 0) {
    return byRow;
  }
  const own = [...byRow];
  for (const { number, row } of aliases) {
    addRules(own, syscallName(abi, number), byRow[row]);
  }
  if (abi === "x86") {
    for (const name of MULTIPLEXER_NAMES) {
      addRules(own, name, multiplexedRules(name, byRow));
    }
  }
  return own;
}

function addRules(
  byRow: (CallRules | undefined)[],
  name: string | undefined,
  rules: CallRules | undefined,
): void {
  const row = name === undefined ? undefined : syscallRow(name);
  if (row !== undefined && rules !== undefined) {
    const present = byRow[row];
    byRow[row] = present === undefined ? rules : mergeRules(present, rules);
  }
}

/**
 * A rule for socket(2) is one for socketcall(SYS_SOCKET) as well. There the call's arguments lie in
 * memory where a filter cannot see them: as with libseccomp the selector takes the first one's place.
 */
function multiplexedRules(multiplexer: MultiplexerName, byRow: RulesByRow): CallRules | undefined {
  if (byRow[syscallRow(multiplexer) ?? -1]?.always !== undefined) {
    return undefined;
  }
  const conditional = MULTIPLEXERS[multiplexer].flatMap(({ name, selector }) => {
    const rules = byRow[syscallRow(name) ?? -1];
    return rules === undefined ? [] : selectedRules(rules, selector);
  });
  return conditional.length === 0 ? undefined : { conditional };
}

function selectedRules(rules: CallRules, selector: number): ConditionalRule[] {
  const isSelected = {
    index: 0,
    op: "SCMP_CMP_EQ",
    value: { high: 0, low: selector },
    mask: { high: 0, low: 0 },
  } as const;
  if (rules.always !== undefined) {
    return [{ ...rules.always, conditions: [isSelected] }];
  }
  return rules.conditional.map((rule) => ({
    ...rule,
    conditions: [isSelected, ...rule.conditions.filter((condition) => condition.index !== 0)],
  }));
}
