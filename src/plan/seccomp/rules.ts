// The rules of a profile, by the name of the call: what the compiler and the explanation share. They
// mean what libseccomp makes of them as runc feeds it:
// - A rule with the default action is left out.
// - The conditions of a rule must all hold, unless two of them look at the same argument: then each
//   is a rule of its own.
// - Of a call's rules the first that matches decides, but a rule without conditions wins over all
//   that have some, wherever it stands.
// Where rules of one call overlap in other ways, libseccomp loses some of them or lets them match too
// much. Here they mean what they say.

import { syscallRow } from "../../abi/syscall-tables/lookup.ts";
import type { SeccompArgument, SeccompProfile } from "../../oci/seccomp.ts";
import { returnValue } from "./actions.ts";
import { type Condition, conditionFrom } from "./conditions.ts";

export interface Rule {
  /** SECCOMP_RET_*, with its data. */
  readonly action: number;
  /** Its index in `linux.seccomp.syscalls`. */
  readonly index: number;
}

export interface ConditionalRule extends Rule {
  /** At least one; all must hold. */
  readonly conditions: readonly Condition[];
}

/** Of one call. Without either the default action decides. */
export interface CallRules {
  readonly always?: Rule;
  readonly conditional: readonly ConditionalRule[];
}

export interface RuleSet {
  readonly defaultAction: number;
  /** By row of the system call tables. Calls that the profile names without effect are there too. */
  readonly byRow: readonly (CallRules | undefined)[];
  /** Names that no interface knows: a mistake, or newer than the tables. */
  readonly unknownCalls: readonly string[];
}

const NO_RULES: CallRules = { conditional: [] };

export function collectRules(profile: SeccompProfile): RuleSet {
  const defaultAction = returnValue(profile.defaultAction, profile.defaultErrnoRet);
  const byRow: (CallRules | undefined)[] = [];
  const unknownCalls: string[] = [];
  const syscalls = profile.syscalls ?? [];
  for (let index = 0; index < syscalls.length; index++) {
    const syscall = syscalls[index];
    if (syscall !== undefined) {
      const action = returnValue(syscall.action, syscall.errnoRet);
      // One object for all names: a profile lists hundreds of calls in one unconditional rule.
      const rules =
        action === defaultAction ? NO_RULES : rulesFrom({ action, index }, syscall.args);
      addRules(byRow, unknownCalls, syscall.names, rules);
    }
  }
  return { defaultAction, byRow, unknownCalls };
}

function addRules(
  byRow: (CallRules | undefined)[],
  unknownCalls: string[],
  names: readonly string[],
  rules: CallRules,
): void {
  for (const name of names) {
    const row = syscallRow(name);
    if (row === undefined) {
      unknownCalls.push(name);
      continue;
    }
    const present = byRow[row];
    byRow[row] = present === undefined ? rules : mergeRules(present, rules);
  }
}

function rulesFrom(rule: Rule, args: readonly SeccompArgument[] | undefined): CallRules {
  if (args === undefined || args.length === 0) {
    return { always: rule, conditional: [] };
  }
  const conditions = args.map(conditionFrom);
  if (new Set(args.map((argument) => argument.index)).size < args.length) {
    return { conditional: conditions.map((condition) => ({ ...rule, conditions: [condition] })) };
  }
  return { conditional: [{ ...rule, conditions }] };
}

/** The rules of a call that two names or two entries of a profile speak of; `first` comes first. */
export function mergeRules(first: CallRules, second: CallRules): CallRules {
  const always = first.always ?? second.always;
  const conditional = [...first.conditional, ...second.conditional];
  return always === undefined ? { conditional } : { always, conditional };
}
