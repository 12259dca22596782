// What `create` and `run` have in common: their flags, and the options made of them.

import type { CreateOptions } from "../../runtime/create-options.ts";
import { readServiceManager } from "../../runtime/service-protocols.ts";
import { absolutePath } from "../absolute-path.ts";
import { checkPreserved } from "../check-preserved.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import type { CommandContext } from "./command.ts";

export const CREATE_FLAGS = {
  bundle: { kind: "text", aliases: ["b"], value: "FOLDER", help: "folder with the config.json" },
  "console-socket": { kind: "text", value: "SOCKET", help: "receives the terminal's master" },
  "pidfd-socket": { kind: "text", value: "SOCKET", help: "receives the process's pidfd" },
  "pid-file": { kind: "text", value: "FILE", help: "receives the process's pid" },
  "preserve-fds": { kind: "text", value: "NUMBER", help: "descriptors to pass on, from 3 on" },
  "no-pivot": { kind: "switch", help: "change the root without pivot_root" },
  "no-new-keyring": { kind: "switch", help: "keep the caller's session keyring" },
  "no-mount-fallback": { kind: "switch", help: "ignored: mounts never fall back" },
} as const satisfies FlagTable;

export function createOptions(
  context: CommandContext,
  flags: FlagsOf<typeof CREATE_FLAGS>,
): CreateOptions {
  const serviceManager = readServiceManager(process.env, process.pid);
  const preserveFds = (flags.integer("preserve-fds") ?? 0) + (serviceManager?.listenFds ?? 0);
  checkPreserved(preserveFds, context.inheritedFds);
  return {
    id: flags.args[0] ?? "",
    bundle: absolutePath(flags.text("bundle") ?? "."),
    stateRoot: context.stateRoot,
    systemdCgroup: context.systemdCgroup,
    ...(context.rootless === undefined ? {} : { rootless: context.rootless }),
    ...path("consoleSocket", flags.text("console-socket")),
    ...path("pidfdSocket", flags.text("pidfd-socket")),
    ...path("pidFile", flags.text("pid-file")),
    preserveFds,
    serviceManager,
    noPivot: flags.switch("no-pivot"),
    noNewKeyring: flags.switch("no-new-keyring"),
    onWarning: context.onWarning,
  };
}

/** An option whose flag may be empty, which runc's callers take for "not given". */
export function path<Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [Key in Name]?: string } {
  const named: { [Key in Name]?: string } = {};
  if (value !== undefined && value !== "") {
    named[name] = value;
  }
  return named;
}
