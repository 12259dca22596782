// The flags before the verb.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defaultStateRoot } from "../../runtime/state-root.ts";
import { call } from "../../sys/call.ts";
import type { LaunchNotes } from "../../sys/launch-notes.ts";
import { absolutePath } from "../absolute-path.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import type { CommandContext } from "./command.ts";
import type { LogTarget } from "./log.ts";

export const GLOBAL_FLAGS = {
  root: { kind: "text", value: "FOLDER", help: "folder of the containers' state" },
  log: { kind: "text", value: "FILE", help: "file for log records, in place of standard error" },
  "log-format": { kind: "text", value: "FORMAT", help: "text or json" },
  debug: { kind: "switch", help: "log, too, what took how long" },
  "systemd-cgroup": { kind: "switch", help: "let systemd manage the cgroups" },
  rootless: { kind: "text", value: "MODE", help: "true, false or auto: cgroups may be refused" },
  criu: { kind: "text", value: "FILE", help: "ignored" },
  version: { kind: "switch", aliases: ["v"], help: "show the version" },
  help: { kind: "switch", aliases: ["h"], help: "show help" },
} as const satisfies FlagTable;

export type GlobalFlags = FlagsOf<typeof GLOBAL_FLAGS>;

export function logTarget(flags: GlobalFlags): LogTarget {
  const path = flags.text("log") ?? "";
  const format = flags.text("log-format") ?? "text";
  if (format !== "text" && format !== "json") {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `the log format ${quote(format)}`,
      reason: "it is neither text nor json",
    });
  }
  return path === "" ? { format } : { path, format };
}

export function commandContext(
  flags: GlobalFlags,
  notes: LaunchNotes | undefined,
): Omit<CommandContext, "onWarning"> {
  return {
    stateRoot: stateRoot(flags),
    systemdCgroup: flags.switch("systemd-cgroup"),
    rootless: rootless(flags.text("rootless") ?? "auto"),
    inheritedFds: notes?.inheritedFdsAreComplete === true ? notes.inheritedFds : undefined,
  };
}

function stateRoot(flags: GlobalFlags): string {
  const given = flags.text("root") ?? "";
  if (given !== "") {
    return absolutePath(given);
  }
  const { USER, XDG_RUNTIME_DIR } = process.env;
  return defaultStateRoot({ effectiveUid: call("geteuid"), USER, XDG_RUNTIME_DIR });
}

function rootless(mode: string): boolean | undefined {
  switch (mode.toLowerCase()) {
    case "auto":
      return undefined;
    case "true":
    case "1":
      return true;
    case "false":
    case "0":
      return false;
    default:
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `--rootless ${quote(mode)}`,
        reason: "it is neither true nor false nor auto",
      });
  }
}
