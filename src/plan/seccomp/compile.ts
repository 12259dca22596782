// Compiles an OCI seccomp profile to the filter that seccomp(2) loads.
//
//   load arch
//   native? no: the other interfaces, then KILL_THREAD
//   load nr, a tree of comparisons over ranges of numbers -> ret, or the comparison of arguments
//
// What libseccomp does as runc uses it, this does, and the stub that runc adds: a call newer than the
// newest one that the profile knows answers ENOSYS, so that libraries fall back to an older call.

import type { ArchitectureName } from "../../abi/architecture.ts";
import { BPF_JEQ } from "../../abi/classic-bpf.ts";
import * as kernel from "../../abi/seccomp.ts";
import { SYSCALL_TABLES } from "../../abi/syscall-tables/table.ts";
import type { SeccompProfile } from "../../oci/seccomp.ts";
import { lets, RETURN_ENOSYS } from "./actions.ts";
import { BpfWriter, type Target } from "./bpf-writer.ts";
import { filterFlags } from "./flags.ts";
import { coveredInterfaces, interfaceRules, type SyscallInterface } from "./interfaces.ts";
import { type CallRules, collectRules, type RuleSet } from "./rules.ts";
import { writeRules } from "./write-arguments.ts";
import { Ranges, writeSwitch } from "./write-switch.ts";

export interface SeccompOptions {
  readonly architecture: ArchitectureName;
  /** SECCOMP_FILTER_FLAG_* that the kernel knows. Absent: all. */
  readonly kernelFlags?: number;
}

export interface CompiledSeccomp {
  /** An array of struct sock_filter, little-endian. */
  readonly filter: Uint8Array;
  /** SECCOMP_FILTER_FLAG_*, for seccomp(SECCOMP_SET_MODE_FILTER). */
  readonly flags: number;
  /** Loading returns a descriptor, which goes to the profile's agent. */
  readonly notifies: boolean;
  readonly warnings: readonly string[];
  /** Names in the profile that no interface knows: they have no effect. */
  readonly unknownCalls: readonly string[];
}

/** A number that a tracer sets to skip a call: libseccomp's filters do not kill for it. */
const SKIPPED_CALL = 0xffffffff;

/**
 * From here on 32-bit ARM has a few calls, beyond all numbers that kernels hand out. They make no call
 * newer, and are not newer themselves.
 */
export const ARM_PRIVATE_CALLS = 0x0f0000;

export function compileSeccomp(profile: SeccompProfile, options: SeccompOptions): CompiledSeccomp {
  const ruleSet = collectRules(profile);
  const flags = filterFlags(profile, options.kernelFlags);
  const { covered, foreign } = coveredInterfaces(profile, options.architecture);
  const filter = new FilterWriter(ruleSet).write(covered);
  return {
    filter,
    flags: flags.value,
    notifies: (flags.value & kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER) !== 0,
    warnings: [
      ...flags.warnings,
      ...foreign.map((name) => `linux.seccomp.architectures: ${name} cannot run here: ignored`),
    ],
    unknownCalls: ruleSet.unknownCalls,
  };
}

/** What numbers above the newest one that the profile knows answer. */
export function actionForNewerCalls(ruleSet: RuleSet): number {
  return lets(ruleSet.defaultAction) === "block" ? RETURN_ENOSYS : ruleSet.defaultAction;
}

class FilterWriter {
  readonly #ruleSet: RuleSet;
  readonly #writer = new BpfWriter();
  readonly #default: Target;
  readonly #newer: Target;
  readonly #badInterface: Target;
  /** The comparisons of a call's arguments: several interfaces lead to the same ones. */
  readonly #written = { wide: new Map<CallRules, Target>(), narrow: new Map<CallRules, Target>() };

  constructor(ruleSet: RuleSet) {
    this.#ruleSet = ruleSet;
    this.#default = this.#writer.returning(ruleSet.defaultAction);
    this.#newer = this.#writer.returning(actionForNewerCalls(ruleSet));
    this.#badInterface = this.#writer.returning(kernel.SECCOMP_RET_KILL_THREAD);
  }

  write(covered: readonly SyscallInterface[]): Uint8Array {
    // The native section is written last, beside the entry, where most calls have the shortest way.
    const tokens = [...new Set(covered.map((entry) => entry.token))].reverse();
    let next = this.#badInterface;
    for (const token of tokens) {
      const section = this.#writeSection(covered.filter((entry) => entry.token === token));
      next = this.#writer.compare(BPF_JEQ, token, { yes: section, no: next });
    }
    this.#writer.load(kernel.SECCOMP_DATA_ARCH);
    return this.#writer.finish();
  }

  /** For the interfaces of one token, in the order of their numbers. */
  #writeSection(interfaces: readonly SyscallInterface[]): Target {
    const ranges = new Ranges();
    let start = 0;
    for (const entry of interfaces) {
      start = this.#appendCalls(ranges, Math.max(start, entry.numberBit), entry);
    }
    if (interfaces.length === 1 && interfaces[0]?.abi === "x86_64") {
      ranges.append(kernel.X32_SYSCALL_BIT, this.#badInterface);
      ranges.append(SKIPPED_CALL, this.#default);
    }
    return writeSwitch(this.#writer, kernel.SECCOMP_DATA_NR, ranges);
  }

  /** The ranges of one interface, from `start` on; returns the number behind its newest known call. */
  #appendCalls(ranges: Ranges, start: number, { abi, numberBit, wide }: SyscallInterface): number {
    const byRow = interfaceRules(abi, this.#ruleSet);
    let next = start;
    let last: CallRules | undefined;
    const visit = (number: number, rules: CallRules): void => {
      const leavesGap = number > next;
      if (leavesGap) {
        ranges.append(next, this.#default);
      }
      // Most calls have the very rules of their neighbour.
      if (leavesGap || rules !== last) {
        ranges.append(number, this.#targetOf(rules, wide));
        last = rules;
      }
      next = number + 1;
    };
    // A profile that knows no call of an interface says nothing of which ones are newer.
    const newer = (): Target => (next === start ? this.#default : this.#newer);
    let behind: Target | undefined;
    for (const { first, rows } of SYSCALL_TABLES[abi].segments) {
      if (first >= ARM_PRIVATE_CALLS) {
        ranges.append(next, newer());
        next = ARM_PRIVATE_CALLS;
        behind = this.#default;
        ranges.append(next, behind);
        last = undefined;
      }
      for (let index = 0; index < rows.length; index++) {
        const rules = byRow[rows[index] ?? -1];
        if (rules !== undefined) {
          visit(numberBit + first + index, rules);
        }
      }
    }
    ranges.append(next, behind ?? newer());
    return next;
  }

  #targetOf(rules: CallRules, wide: boolean): Target {
    if (rules.always !== undefined) {
      return this.#writer.returning(rules.always.action);
    }
    if (rules.conditional.length === 0) {
      return this.#default;
    }
    const written = wide ? this.#written.wide : this.#written.narrow;
    let target = written.get(rules);
    if (target === undefined) {
      target = writeRules(this.#writer, rules.conditional, wide, this.#default);
      written.set(rules, target);
    }
    return target;
  }
}
