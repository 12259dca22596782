// The flags of `ocicat run` about variables and what else a process finds around it, and what they mean.

import type { RunContainerOptions } from "../../engine/run-options.ts";
import { readTextFile } from "../../sys/file.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { badValue, variables } from "./values.ts";

/** Of any process: `exec` has them, too. */
export const PROCESS_FLAGS = {
  tty: { kind: "switch", aliases: ["t"], help: "give the process a terminal" },
  workdir: { kind: "text", aliases: ["w"], value: "DIR", help: "working directory inside" },
  env: {
    kind: "list",
    aliases: ["e"],
    value: "NAME[=VALUE]",
    help: "set a variable, or pass ours on; NAME* passes on all that begin so",
  },
  "env-file": { kind: "list", value: "FILE", help: "set the variables in a file, one a line" },
} as const satisfies FlagTable;

export const ENVIRONMENT_FLAGS = {
  ...PROCESS_FLAGS,
  "env-host": { kind: "switch", help: "pass all of our variables on" },
  "env-merge": {
    kind: "list",
    value: "NAME=VALUE",
    help: "set one with $OTHER standing for the image's: 'PATH=$PATH:/my/bin'",
  },
  unsetenv: { kind: "list", value: "NAME", help: "leave out a variable of the image" },
  "unsetenv-all": { kind: "switch", help: "leave out all that were not asked for" },
  umask: { kind: "text", value: "OCTAL", help: "of the process; 0022 by default" },
  tz: { kind: "text", value: "ZONE", help: "time zone: Europe/Berlin, or local for the host's" },
} as const satisfies FlagTable;

type EnvironmentFlags = FlagsOf<typeof ENVIRONMENT_FLAGS>;
type Variables = Readonly<Record<string, string | undefined>>;

export function parseEnvironment(
  flags: EnvironmentFlags,
  own: Variables,
): Pick<RunContainerOptions, "env"> & Partial<RunContainerOptions> {
  const ours = flags.switch("env-host") ? entriesOf(own) : [];
  const merged = flags.list("env-merge").map(checkedMerge);
  const umask = flags.text("umask");
  const zone = flags.text("tz");
  return {
    env: [...flags.list("unsetenv").map(checkedName), ...ours, ...parseVariables(flags, own)],
    ...(merged.length === 0 ? {} : { mergedEnv: merged }),
    ...(flags.switch("unsetenv-all") ? { clearsEnv: true } : {}),
    ...(umask === undefined ? {} : { umask: parseUmask(umask) }),
    ...(zone === undefined ? {} : { timeZone: checkedZone(zone) }),
  };
}

/** --env and --env-file. */
export function parseVariables(flags: FlagsOf<typeof PROCESS_FLAGS>, own: Variables): string[] {
  const files = flags.list("env-file").map((path) => readTextFile(path));
  const entries = flags.list("env").flatMap((entry) => matching(entry, own));
  return variables({ files, entries, own });
}

function entriesOf(own: Variables): string[] {
  return Object.entries(own).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
}

/** "NAME*", as podman has it. */
function matching(entry: string, own: Variables): string[] {
  if (entry.includes("=") || !entry.endsWith("*")) {
    return [entry];
  }
  const beginning = entry.slice(0, -1);
  return entriesOf(own).filter((each) => each.startsWith(beginning));
}

function checkedMerge(text: string): string {
  if (!/^[^=\s]+=/.test(text)) {
    throw badValue("env-merge", text, "it is not of the form NAME=VALUE");
  }
  return text;
}

/** Alone it takes the image's away. */
function checkedName(text: string): string {
  if (text === "" || /[=\s]/.test(text)) {
    throw badValue("unsetenv", text, "it is not the name of a variable");
  }
  return text;
}

function parseUmask(text: string): number {
  if (!/^0?[0-7]{1,3}$/.test(text)) {
    throw badValue("umask", text, "it is not an octal number such as 0022");
  }
  return Number.parseInt(text, 8);
}

/** A path below the host's folder of zones, and nowhere else. */
function checkedZone(text: string): string {
  const isName = /^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/.test(text);
  if (!isName) {
    throw badValue("tz", text, 'it is neither a zone such as "Europe/Berlin" nor "local"');
  }
  return text;
}
