// Writes the comparisons of a call's arguments: the rules of one call in turn, the first that matches
// decides.

import { BPF_JEQ, BPF_JSET } from "../../abi/classic-bpf.ts";
import { SECCOMP_DATA_ARGS } from "../../abi/seccomp.ts";
import type { BpfWriter, Target } from "./bpf-writer.ts";
import { type Condition, type Edge, matchingEdges, narrowCondition } from "./conditions.ts";
import type { ConditionalRule } from "./rules.ts";
import { WORD_MAX } from "./word64.ts";
import { Ranges, writeSwitch } from "./write-switch.ts";

interface Outcome {
  readonly yes: Target;
  readonly no: Target;
}

/** `wide`: all 64 bits of an argument count, not only the lower 32. */
export function writeRules(
  writer: BpfWriter,
  rules: readonly ConditionalRule[],
  wide: boolean,
  fallback: Target,
): Target {
  let next = fallback;
  for (const group of groupRules(rules).reverse()) {
    const outcome = { yes: writer.returning(group.action), no: next };
    next = writeGroup(writer, group, wide, outcome);
  }
  return next;
}

/** Rules of one action: a single one, or several that each compare the same argument. */
interface RuleGroup {
  readonly action: number;
  readonly rules: ConditionalRule[];
  /** The argument that all of them compare, and nothing else. */
  readonly argument: number | undefined;
}

/**
 * Neighbours of one action that compare one argument are one set of values, that a tree finds: Docker
 * lists 30 address families for socket(2).
 */
function groupRules(rules: readonly ConditionalRule[]): RuleGroup[] {
  const groups: RuleGroup[] = [];
  for (const rule of rules) {
    const last = groups.at(-1);
    const argument = comparedArgument(rule);
    if (last?.action === rule.action && argument !== undefined && last.argument === argument) {
      last.rules.push(rule);
    } else {
      groups.push({ action: rule.action, rules: [rule], argument });
    }
  }
  return groups;
}

function comparedArgument(rule: ConditionalRule): number | undefined {
  const [only, ...others] = rule.conditions;
  return others.length > 0 || only?.op === "SCMP_CMP_MASKED_EQ" ? undefined : only?.index;
}

function writeGroup(writer: BpfWriter, group: RuleGroup, wide: boolean, outcome: Outcome): Target {
  if (group.argument !== undefined) {
    const conditions = group.rules.flatMap((rule) => rule.conditions);
    return writeSet(writer, group.argument, edgesOf(conditions, wide), { wide, ...outcome });
  }
  let { yes } = outcome;
  for (const condition of (group.rules[0]?.conditions ?? []).toReversed()) {
    yes = writeCondition(writer, condition, wide, { yes, no: outcome.no });
  }
  return yes;
}

function writeCondition(
  writer: BpfWriter,
  condition: Condition,
  wide: boolean,
  outcome: Outcome,
): Target {
  if (condition.op !== "SCMP_CMP_MASKED_EQ") {
    return writeSet(writer, condition.index, edgesOf([condition], wide), { wide, ...outcome });
  }
  const { index, mask, value } = condition;
  const lower = { offset: lowOffset(index), mask: mask.low, value: value.low };
  const upper = { offset: highOffset(index), mask: mask.high, value: value.high };
  const yes = writeMasked(writer, lower, outcome);
  return wide ? writeMasked(writer, upper, { yes, no: outcome.no }) : yes;
}

function edgesOf(conditions: readonly Condition[], wide: boolean): Edge[] {
  return matchingEdges(wide ? conditions : conditions.map(narrowCondition), wide);
}

/** Arguments lie in memory as the processor stores 64-bit numbers: both architectures little-endian. */
function lowOffset(argument: number): number {
  return SECCOMP_DATA_ARGS + argument * 8;
}

function highOffset(argument: number): number {
  return lowOffset(argument) + 4;
}

interface MaskedWord {
  readonly offset: number;
  readonly mask: number;
  readonly value: number;
}

function writeMasked(writer: BpfWriter, word: MaskedWord, outcome: Outcome): Target {
  const { mask, value } = word;
  if (mask === 0) {
    return outcome.yes;
  }
  if (value === 0) {
    writer.compare(BPF_JSET, mask, { yes: outcome.no, no: outcome.yes });
  } else {
    writer.compare(BPF_JEQ, value, outcome);
    if (mask !== WORD_MAX) {
      writer.mask(mask);
    }
  }
  return writer.load(word.offset);
}

/** Is the argument in the set that the edges mark? */
function writeSet(
  writer: BpfWriter,
  argument: number,
  edges: readonly Edge[],
  options: Outcome & { wide: boolean },
): Target {
  const highs = new Ranges();
  let before = options.no;
  for (const group of groupByHigh(edges)) {
    const lows = new Ranges();
    lows.append(0, before);
    for (const edge of group.edges) {
      before = edge.matches ? options.yes : options.no;
      lows.append(edge.start.low, before);
    }
    const inside = writeSwitch(writer, lowOffset(argument), lows);
    if (!options.wide) {
      return inside;
    }
    highs.append(group.high, inside);
    if (group.high < WORD_MAX) {
      highs.append(group.high + 1, before);
    }
  }
  return writeSwitch(writer, highOffset(argument), highs);
}

/** The edges that share their upper half. The first group's is zero. */
function groupByHigh(edges: readonly Edge[]): { high: number; edges: Edge[] }[] {
  const groups: { high: number; edges: Edge[] }[] = [];
  for (const edge of edges) {
    const last = groups.at(-1);
    if (last?.high === edge.start.high) {
      last.edges.push(edge);
    } else {
      groups.push({ high: edge.start.high, edges: [edge] });
    }
  }
  return groups;
}
