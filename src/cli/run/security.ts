// --cap-add, --cap-drop and --security-opt.

import { DEFAULT_SECURITY, type RunSecurity, runCapabilities } from "../../engine/security.ts";
import { badValue } from "./bad-value.ts";

export interface SecurityFlags {
  readonly added: readonly string[];
  readonly dropped: readonly string[];
  readonly options: readonly string[];
  readonly privileged: boolean;
  readonly readFile: (path: string) => string;
}

export function parseSecurity(flags: SecurityFlags): RunSecurity {
  const { added, dropped, options, privileged, readFile } = flags;
  let security: RunSecurity = {
    ...DEFAULT_SECURITY,
    ...(privileged ? { privileged } : {}),
    addedCapabilities: added.flatMap(names),
    droppedCapabilities: dropped.flatMap(names),
  };
  // A wrong name is refused before anything is made.
  runCapabilities(security);
  for (const option of options) {
    security = withOption(security, option, readFile);
  }
  return security;
}

function names(text: string): string[] {
  return text.split(",");
}

/** Docker writes NAME=VALUE, and NAME:VALUE in older days. */
function withOption(
  security: RunSecurity,
  option: string,
  readFile: (path: string) => string,
): RunSecurity {
  const [, name = "", value = ""] = /^([a-z-]+)(?:[=:](.*))?$/.exec(option) ?? [];
  switch (name) {
    case "no-new-privileges":
      return { ...security, noNewPrivileges: value !== "false" };
    case "seccomp":
      return { ...security, seccomp: seccompOf(option, value, readFile) };
    case "apparmor":
      return { ...security, apparmor: named(option, value) };
    case "label":
      return withLabel(security, option, value);
    case "mask":
      return { ...security, hidden: [...(security.hidden ?? []), ...paths(option, value)] };
    case "unmask":
      return { ...security, shown: withShown(security.shown, option, value) };
    case "systempaths":
      return withSystemPaths(security, option, value);
    case "proc-opts":
      return { ...security, procOptions: named(option, value).split(",") };
    default:
      throw badValue("security-opt", option, `it is none of ${KNOWN_OPTIONS}`);
  }
}

const KNOWN_OPTIONS =
  "seccomp=, apparmor=, label=disable, mask=, unmask=, systempaths=unconfined, proc-opts=, no-new-privileges";

function named(option: string, value: string): string {
  if (value === "") {
    throw badValue("security-opt", option, "it says nothing behind its name");
  }
  return value;
}

/** There are no labels without being asked for, so there is nothing to disable. */
function withLabel(security: RunSecurity, option: string, value: string): RunSecurity {
  if (value !== "disable") {
    throw badValue("security-opt", option, "labels of SELinux can't be given to containers yet");
  }
  return security;
}

function withSystemPaths(security: RunSecurity, option: string, value: string): RunSecurity {
  if (value !== "unconfined") {
    throw badValue("security-opt", option, "it is not systempaths=unconfined");
  }
  return { ...security, shown: "all" };
}

function withShown(
  shown: RunSecurity["shown"] = [],
  option: string,
  value: string,
): NonNullable<RunSecurity["shown"]> {
  return shown === "all" || value.toUpperCase() === "ALL"
    ? "all"
    : [...shown, ...paths(option, value)];
}

/** Podman writes several with colons between. */
function paths(option: string, value: string): readonly string[] {
  const all = value.split(":");
  if (!all.every((path) => path.startsWith("/"))) {
    throw badValue("security-opt", option, "its paths are not absolute");
  }
  return all;
}

function seccompOf(
  option: string,
  value: string,
  readFile: (path: string) => string,
): RunSecurity["seccomp"] {
  if (value === "unconfined") {
    return "unconfined";
  }
  if (value === "default" || value === "builtin") {
    return "default";
  }
  if (value === "") {
    throw badValue("security-opt", option, "it names no profile");
  }
  return { profile: readFile(value) };
}
