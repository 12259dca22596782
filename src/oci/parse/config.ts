// From JSON to the typed documents of the runtime specification: config.json, the process of
// `exec --process`, the resources of `update`, a seccomp profile.
//
// Each comes as `decode...(text)` and as `parse...(value)`. Prefer the former: JSON.parse rounds
// numbers beyond 2^53, such as RLIM_INFINITY, and only the text still has their digits.

import type { Process } from "../process.ts";
import type { Resources } from "../resources.ts";
import type { SeccompProfile } from "../seccomp.ts";
import type { Spec } from "../spec.ts";
import { decode, parse } from "./decode.ts";
import type { Fields } from "./fields.ts";
import { checkHooks } from "./hooks.ts";
import { checkLinux } from "./linux.ts";
import { checkMounts } from "./mounts.ts";
import { checkHostNames, type Namespaces } from "./namespaces.ts";
import { checkProcess } from "./process.ts";
import type { ParseOptions } from "./report.ts";
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
