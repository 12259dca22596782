// Says what a profile makes of a call, and which of its rules decides: from the rules, not from the
// compiled filter, which no longer knows where an instruction came from.

import { SECCOMP_RET_KILL_THREAD } from "../../abi/seccomp.ts";
import { syscallName, syscallNumber, syscallRow } from "../../abi/syscall-tables/lookup.ts";
import { SYSCALL_TABLES, type SyscallAbi } from "../../abi/syscall-tables/table.ts";
import type { Uint64 } from "../../oci/process.ts";
import type { SeccompProfile } from "../../oci/seccomp.ts";
import { severity } from "./actions.ts";
import { ARM_PRIVATE_CALLS, actionForNewerCalls } from "./compile.ts";
import { type Condition, conditionHolds, narrowCondition } from "./conditions.ts";
import { INTERFACES, interfaceRules, isCovered } from "./interfaces.ts";
import { type CallRules, collectRules, type RuleSet } from "./rules.ts";
import { splitWord64, type Word64 } from "./word64.ts";

export interface Decision {
  /** SECCOMP_RET_* with its data. */
  readonly action: number;
  /** The place in config.json: `linux.seccomp.syscalls[3]` or `linux.seccomp.defaultAction`. */
  readonly rule: string;
  /** False: arguments that are not known decide, and this is the strictest that may come out. */
  readonly certain: boolean;
}

/** Arguments in order; undefined: not known. Those left out are not known either. */
export type KnownArguments = readonly (Uint64 | undefined)[];

const DEFAULT_RULE = "linux.seccomp.defaultAction";

export function explainDecision(
  profile: SeccompProfile,
  abi: SyscallAbi,
  name: string,
  args: KnownArguments = [],
): Decision {
  return profileExplainer(profile, abi)(name, args);
}

/** For many calls of one profile: the profile is read once. */
export function profileExplainer(
  profile: SeccompProfile,
  abi: SyscallAbi,
): (name: string, args?: KnownArguments) => Decision {
  if (!isCovered(profile, abi)) {
    const rule = "linux.seccomp.architectures";
    return () => ({ action: SECCOMP_RET_KILL_THREAD, rule, certain: true });
  }
  const ruleSet = collectRules(profile);
  const byRow = interfaceRules(abi, ruleSet);
  const newest = newestKnown(abi, byRow);
  const unnamed = { rule: DEFAULT_RULE, certain: true };
  return (name, args = []) => {
    const number = syscallNumber(abi, name);
    const rules = number === undefined ? undefined : byRow[rowOf(abi, number)];
    if (rules !== undefined) {
      return decide(rules, ruleSet, knownWords(args, abi), abi);
    }
    const isNewer = number !== undefined && newest !== undefined && number > newest;
    const isPrivate = number !== undefined && number >= ARM_PRIVATE_CALLS;
    const action = isNewer && !isPrivate ? actionForNewerCalls(ruleSet) : ruleSet.defaultAction;
    return { ...unnamed, action };
  };
}

/** Not the row of the name: a number may have several names, and the rules of all. */
function rowOf(abi: SyscallAbi, number: number): number {
  return syscallRow(syscallName(abi, number) ?? "") ?? -1;
}

/** The largest number that the profile names, of those that kernels hand out. */
function newestKnown(
  abi: SyscallAbi,
  byRow: readonly (CallRules | undefined)[],
): number | undefined {
  let newest: number | undefined;
  for (const { first, rows } of SYSCALL_TABLES[abi].segments) {
    const index = rows.findLastIndex((row) => byRow[row] !== undefined);
    if (index >= 0 && first < ARM_PRIVATE_CALLS) {
      newest = first + index;
    }
  }
  return newest;
}

type KnownWords = readonly (Word64 | undefined)[];

function knownWords(args: KnownArguments, abi: SyscallAbi): KnownWords {
  return args.map((argument) => {
    const word = argument === undefined ? undefined : splitWord64(argument);
    return word === undefined || INTERFACES[abi].wide ? word : { high: 0, low: word.low };
  });
}

/** The strictest of what may come out. */
function decide(rules: CallRules, ruleSet: RuleSet, args: KnownWords, abi: SyscallAbi): Decision {
  const outcomes = possibleOutcomes(rules, ruleSet, args, abi);
  const strictest = outcomes.reduce((left, right) =>
    severity(right.action) < severity(left.action) ? right : left,
  );
  return { ...strictest, certain: outcomes.length === 1 };
}

type Outcome = Omit<Decision, "certain">;

function possibleOutcomes(
  rules: CallRules,
  ruleSet: RuleSet,
  args: KnownWords,
  abi: SyscallAbi,
): readonly [Outcome, ...Outcome[]] {
  const fromRule = (rule: { action: number; index: number }): Outcome => ({
    action: rule.action,
    rule: `linux.seccomp.syscalls[${rule.index}]`,
  });
  if (rules.always !== undefined) {
    return [fromRule(rules.always)];
  }
  const possible: Outcome[] = [];
  for (const rule of rules.conditional) {
    const matches = allHold(rule.conditions, args, abi);
    if (matches !== false) {
      possible.push(fromRule(rule));
    }
    if (matches === true) {
      const [first = fromRule(rule), ...others] = possible;
      return [first, ...others];
    }
  }
  return [{ action: ruleSet.defaultAction, rule: DEFAULT_RULE }, ...possible];
}

/** Undefined: an argument that is not known decides. */
function allHold(
  conditions: readonly Condition[],
  args: KnownWords,
  abi: SyscallAbi,
): boolean | undefined {
  const results = conditions.map((condition) => {
    const argument = args[condition.index];
    const judged = INTERFACES[abi].wide ? condition : narrowCondition(condition);
    return argument === undefined ? undefined : conditionHolds(judged, argument);
  });
  if (results.includes(false)) {
    return false;
  }
  return results.includes(undefined) ? undefined : true;
}
