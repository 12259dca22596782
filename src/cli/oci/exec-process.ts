// The process that `exec` starts: process.json, or the container's own process with what the flags say.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { decodeProcess } from "../../oci/parse/config.ts";
import type { Capabilities, Process, User } from "../../oci/process.ts";
import { readTextFile } from "../../sys/file.ts";
import { type FlagsOf, type FlagTable, usageError } from "../flags.ts";

export const PROCESS_FLAGS = {
  process: { kind: "text", aliases: ["p"], value: "FILE", help: "the process as JSON" },
  cwd: { kind: "text", value: "PATH", help: "working directory" },
  env: { kind: "list", aliases: ["e"], value: "NAME=VALUE", help: "another variable" },
  tty: { kind: "switch", aliases: ["t"], help: "give the process a terminal" },
  user: { kind: "text", aliases: ["u"], value: "UID[:GID]", help: "numbers alone" },
  "additional-gids": { kind: "list", aliases: ["g"], value: "GID", help: "another group" },
  "process-label": { kind: "text", value: "LABEL", help: "SELinux label" },
  apparmor: { kind: "text", value: "PROFILE", help: "AppArmor profile" },
  "no-new-privs": { kind: "switch", help: "forbid new privileges" },
  cap: { kind: "list", aliases: ["c"], value: "CAPABILITY", help: "another capability" },
} as const satisfies FlagTable;

type ProcessFlags = FlagsOf<typeof PROCESS_FLAGS>;

/** `own` is the process of the container's configuration. */
export function execProcess(flags: ProcessFlags, own: Process | undefined): Process {
  const file = flags.text("process") ?? "";
  return file === "" ? adapt(flags, own) : decodeProcess(readTextFile(file), { subject: file });
}

/** Checked before anything else happens; returns the arguments of the process. */
export function checkProcessFlags(flags: ProcessFlags): void {
  const hasFile = (flags.text("process") ?? "") !== "";
  if (!hasFile && flags.args.length < 2) {
    throw usageError("process args cannot be empty");
  }
}

function adapt(flags: ProcessFlags, own: Process | undefined): Process {
  const base: Process = own ?? { user: { uid: 0, gid: 0 }, args: [], cwd: "/" };
  const cwd = flags.text("cwd") ?? "";
  return {
    ...base,
    args: flags.args.slice(1),
    cwd: cwd === "" ? base.cwd : cwd,
    env: [...(base.env ?? []), ...flags.list("env")],
    terminal: flags.switch("tty"),
    user: user(flags, base.user),
    ...(flags.isSet("no-new-privs") ? { noNewPrivileges: flags.switch("no-new-privs") } : {}),
    ...label("apparmorProfile", flags.text("apparmor")),
    ...label("selinuxLabel", flags.text("process-label")),
    ...capabilities(flags.list("cap"), base.capabilities),
  };
}

function label(
  name: "apparmorProfile" | "selinuxLabel",
  value: string | undefined,
): Pick<Process, typeof name> {
  return value === undefined || value === "" ? {} : { [name]: value };
}

function user(flags: ProcessFlags, own: User): User {
  const added = flags.list("additional-gids").map((text) => parseId("a group", text));
  const additionalGids = [...(own.additionalGids ?? []), ...added];
  const given = flags.text("user") ?? "";
  const [uid, gid] = given.split(":");
  return {
    ...own,
    ...(given === "" ? {} : { uid: parseId("a user", uid ?? "") }),
    ...(gid === undefined ? {} : { gid: parseId("a group", gid) }),
    ...(additionalGids.length === 0 ? {} : { additionalGids }),
  };
}

/** Anything but a number is refused: a name that counted as 0 would be root (CVE-2026-30892). */
function parseId(what: string, text: string): number {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(id <= 0xffff_fffe)) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `${quote(text)} as ${what}`,
      reason: "it is not the number of one",
    });
  }
  return id;
}

/** As runc: ambient too, but only where the container's process has inheritable ones. */
function capabilities(
  added: readonly string[],
  own: Capabilities = {},
): Pick<Process, "capabilities"> {
  if (added.length === 0) {
    return {};
  }
  const names = added.map((name) => name.toUpperCase().replace(/^(?!CAP_)/, "CAP_"));
  const joined = (set: readonly string[] | undefined) => [...new Set([...(set ?? []), ...names])];
  return {
    capabilities: {
      ...own,
      bounding: joined(own.bounding),
      effective: joined(own.effective),
      permitted: joined(own.permitted),
      ...(own.inheritable === undefined ? {} : { ambient: joined(own.ambient) }),
    },
  };
}
