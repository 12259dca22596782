// --cap-add, --cap-drop and --security-opt.

import { DEFAULT_SECURITY, type RunSecurity, runCapabilities } from "../../engine/security.ts";
import { badValue } from "./values.ts";

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
    default:
      throw badValue(
        "security-opt",
        option,
        "it is neither seccomp=FILE, seccomp=unconfined nor no-new-privileges",
      );
  }
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
