// From JSON to the typed documents of the runtime specification: config.json, the process of
// `exec --process`, the resources of `update`, a seccomp profile.
//
// Each comes as `decode...(text)` and as `parse...(value)`. Prefer the former: JSON.parse rounds
// numbers beyond 2^53, such as RLIM_INFINITY, and only the text still has their digits.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Process } from "../process.ts";
import type { Resources } from "../resources.ts";
import type { SeccompProfile } from "../seccomp.ts";
import type { Spec } from "../spec.ts";
import { Fields, TEXT_LENGTH_MAX } from "./fields.ts";
import { checkHooks } from "./hooks.ts";
import { checkLinux } from "./linux.ts";
import { checkMounts } from "./mounts.ts";
import { checkHostNames, type Namespaces } from "./namespaces.ts";
import { checkProcess } from "./process.ts";
import { type ParseOptions, Report } from "./report.ts";
import { checkResources } from "./resources.ts";
import { checkSeccomp } from "./seccomp.ts";
import { path } from "./text-rules.ts";
import { ociVersion } from "./version.ts";

/** Takes over `value`: nulls and empty optional strings are removed from it. */
export function parseRuntimeConfig(value: unknown, options: ParseOptions = {}): Spec {
  return parse(value, "", checkSpec, options) as Spec;
}

export function decodeRuntimeConfig(text: string, options: ParseOptions = {}): Spec {
  return decode(text, "", checkSpec, options) as Spec;
}

/** `at`: where the process lies in its document, for the faults. */
export function parseProcess(value: unknown, at = "process", options: ParseOptions = {}): Process {
  return parse(value, at, checkProcess, options) as Process;
}

export function decodeProcess(text: string, options: ParseOptions = {}): Process {
  return decode(text, "process", checkProcess, options) as Process;
}

export function parseResources(
  value: unknown,
  at = "linux.resources",
  options: ParseOptions = {},
): Resources {
  return parse(value, at, checkResources, options) as Resources;
}

export function decodeResources(text: string, options: ParseOptions = {}): Resources {
  return decode(text, "linux.resources", checkResources, options) as Resources;
}

export function decodeSeccompProfile(text: string, options: ParseOptions = {}): SeccompProfile {
  return decode(text, "linux.seccomp", checkSeccomp, options) as SeccompProfile;
}

type Check = (fields: Fields) => void;

function parse(value: unknown, at: string, check: Check, options: ParseOptions): unknown {
  const report = new Report();
  run(value, at, check, report);
  report.close(options);
  return value;
}

function decode(text: string, at: string, check: Check, options: ParseOptions): unknown {
  const value = parseJson(text, options);
  const report = new Report();
  // JSON can write a NUL byte in no other way than this.
  report.hasSoundTexts = text.length <= TEXT_LENGTH_MAX && !text.includes("\\u0000");
  run(value, at, check, report);
  if (report.hasInexactNumber) {
    return parse(parseJson(text, options, keepDigits), at, check, options);
  }
  report.close(options);
  return value;
}

function run(value: unknown, at: string, check: Check, report: Report): void {
  const fields = Fields.of(value, at, report);
  if (fields !== undefined) {
    check(fields);
  }
}

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

function parseJson(text: string, options: ParseOptions, reviver?: Reviver): unknown {
  try {
    return reviver === undefined ? JSON.parse(text) : JSON.parse(text, reviver);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OcicatError("invalid-config", {
      operation: "parse",
      subject: options.subject ?? "config.json",
      reason: `not JSON: ${reason}`,
      cause: error,
      faults: [{ path: "", reason }],
    });
  }
}

/** The properties of type Uint64. Elsewhere a rounded number says the same. */
const EXACT_NUMBERS: ReadonlySet<string> = new Set([
  "hard",
  "soft",
  "value",
  "valueTwo",
  "runtime",
  "deadline",
  "period",
]);

function keepDigits(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isRounded = typeof value === "number" && value > Number.MAX_SAFE_INTEGER;
  const digits = context?.source ?? "";
  return isRounded && EXACT_NUMBERS.has(key) && /^\d+$/.test(digits) ? BigInt(digits) : value;
}

function checkSpec(spec: Fields): void {
  spec.required("ociVersion", "root");
  spec.text("ociVersion", ociVersion);
  spec.object("root", checkRoot);
  const namespaces = checkLinuxOf(spec);
  checkHostNames(spec, namespaces);
  spec.object("process", checkProcess);
  checkMounts(spec, namespaces.has("user"));
  spec.object("hooks", checkHooks);
  spec.textRecord("annotations", (key) => (key === "" ? "a key must not be empty" : undefined));
  checkVm(spec);
}

function checkRoot(root: Fields): void {
  root.required("path");
  root.text("path", path);
  root.flag("readonly");
}

function checkLinuxOf(spec: Fields): Namespaces {
  let namespaces: Namespaces = new Map();
  spec.object("linux", (linux) => {
    namespaces = checkLinux(linux);
  });
  return namespaces;
}

/** `vm` is passed on unread; only its depth is bounded, for whoever walks it. */
const OPAQUE_DEPTH_MAX = 32;

function checkVm(spec: Fields): void {
  if (isDeeperThan(spec.opaque("vm"), OPAQUE_DEPTH_MAX)) {
    spec.fault("vm", `is nested deeper than ${OPAQUE_DEPTH_MAX} levels`);
  }
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}
