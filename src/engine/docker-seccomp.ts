// Seccomp profiles in the format of docker, podman and containers/common: the runtime's own, and beside it
//
//   archMap                                 for which architectures it is, by the machine's own one
//   syscalls[].includes, excludes           {caps, arches, minKernel}: where a rule counts
//   syscalls[].name                         in older ones, a single name
//
// What comes out is the profile of the runtime-spec for one container. No I/O. Faults are left for the parser
// that reads it then, but for those of conditions, which it does not see: a rule that allows something must
// not count because nobody understood its condition.

import { OcicatError } from "../error/ocicat-error.ts";
import type { ProcessorName } from "./default-seccomp.ts";

export interface SeccompSurroundings {
  /** "CAP_SYS_ADMIN", ... of the container. */
  readonly capabilities: readonly string[];
  readonly processor: ProcessorName;
  /** "6.1.0-13-amd64". */
  readonly kernel: string;
}

/** As Go and libseccomp call them. */
const ARCHITECTURE_NAMES: Readonly<Record<ProcessorName, readonly [go: string, scmp: string]>> = {
  x86_64: ["amd64", "SCMP_ARCH_X86_64"],
  aarch64: ["arm64", "SCMP_ARCH_AARCH64"],
};

type Document = Readonly<Record<string, unknown>>;

/** `text`: a profile in either format. Throws "invalid-argument" for no JSON, and for odd conditions. */
export function resolveProfile(text: string, around: SeccompSurroundings): string {
  const profile = parseDocument(text);
  const { archMap, syscalls, ...rest } = profile;
  const rules = Array.isArray(syscalls) ? syscalls.map(asDocument) : undefined;
  return JSON.stringify({
    ...rest,
    ...architectures(profile, archMap, around),
    ...(rules === undefined
      ? { syscalls }
      : { syscalls: rules.filter((rule, index) => counts(rule, index, around)).map(plainRule) }),
  });
}

function parseDocument(text: string): Document {
  try {
    return asDocument(JSON.parse(text));
  } catch (cause) {
    throw badProfile("it is not JSON", cause);
  }
}

function badProfile(reason: string, cause?: unknown): OcicatError {
  const subject = "the seccomp profile";
  return new OcicatError("invalid-argument", { operation: "read", subject, reason, cause });
}

/** What is none has no properties that count: the parser behind refuses it. */
function asDocument(value: unknown): Document {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function architectures(
  profile: Document,
  archMap: unknown,
  { processor }: SeccompSurroundings,
): Document {
  if (!Array.isArray(archMap) || Array.isArray(profile["architectures"])) {
    return {};
  }
  const [, own] = ARCHITECTURE_NAMES[processor];
  const entry = archMap.map(asDocument).find(({ architecture }) => architecture === own);
  const others = entry?.["subArchitectures"];
  return { architectures: [own, ...(Array.isArray(others) ? others : [])] };
}

interface Condition {
  readonly caps: readonly string[];
  readonly arches: readonly string[];
  /** Absent: any. */
  readonly minKernel?: string;
}

function counts(rule: Document, index: number, around: SeccompSurroundings): boolean {
  const conditionOf = (name: "includes" | "excludes") =>
    parseCondition(rule[name] ?? {}, `syscalls[${index}].${name}`);
  return included(conditionOf("includes"), around) && !excluded(conditionOf("excludes"), around);
}

function parseCondition(value: unknown, place: string): Condition {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badProfile(`${place} is no object`);
  }
  const { caps, arches, minKernel } = asDocument(value);
  const condition = {
    caps: words(caps, `${place}.caps`),
    arches: words(arches, `${place}.arches`),
  };
  if (minKernel === undefined || minKernel === null) {
    return condition;
  }
  if (typeof minKernel !== "string" || !/^\d+\.\d+/.test(minKernel)) {
    throw badProfile(`${place}.minKernel is no version such as "4.8"`);
  }
  return { ...condition, minKernel };
}

function words(value: unknown, place: string): readonly string[] {
  const list = value ?? [];
  if (!Array.isArray(list) || list.some((word) => typeof word !== "string")) {
    throw badProfile(`${place} is no list of words`);
  }
  return list;
}

function included({ caps, arches, minKernel }: Condition, around: SeccompSurroundings): boolean {
  const [own] = ARCHITECTURE_NAMES[around.processor];
  return (
    caps.every((name) => around.capabilities.includes(name)) &&
    (arches.length === 0 || arches.includes(own)) &&
    (minKernel === undefined || isAtLeast(around.kernel, minKernel))
  );
}

function excluded({ caps, arches, minKernel }: Condition, around: SeccompSurroundings): boolean {
  const [own] = ARCHITECTURE_NAMES[around.processor];
  return (
    caps.some((name) => around.capabilities.includes(name)) ||
    arches.includes(own) ||
    (minKernel !== undefined && isAtLeast(around.kernel, minKernel))
  );
}

/** By the first two numbers: "6.10" is later than "6.9". */
function isAtLeast(kernel: string, wanted: string): boolean {
  const [major = 0, minor = 0] = versionOf(kernel);
  const [wantedMajor = 0, wantedMinor = 0] = versionOf(wanted);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function versionOf(text: string): number[] {
  return text.split(/[.-]/, 2).map((part) => Number.parseInt(part, 10) || 0);
}

function plainRule(rule: Document): Document {
  const { includes: _includes, excludes: _excludes, comment: _comment, name, ...rest } = rule;
  return typeof name === "string" && rest["names"] === undefined
    ? { ...rest, names: [name] }
    : rest;
}
