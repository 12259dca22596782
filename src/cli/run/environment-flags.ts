// The flags of `ocicat run` about variables and what else a process finds around it.

import type { FlagTable } from "../flags.ts";

/** Of any process: `exec` has them, too. */
export const PROCESS_FLAGS = {
  tty: { kind: "switch", aliases: ["t"], help: "give the process a terminal" },
  workdir: {
    kind: "text",
    aliases: ["w"],
    value: "DIR",
    help: "working directory inside",
    mayBeEmpty: true,
  },
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
  "http-proxy": { kind: "switch", help: "pass our variables for proxies on" },
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
