// The verbs of the OCI command line: dispatch and help are made from this table. Those of a container's
// life are loaded with the program; the others when they are called.

import type { Command } from "./command.ts";
import { create } from "./create.ts";
import { deleteCommand } from "./delete.ts";
import { exec } from "./exec.ts";
import { kill } from "./kill.ts";
import { run } from "./run.ts";
import { start } from "./start.ts";
import { state } from "./state.ts";

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Command | Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  create: { summary: "create a container", load: () => create },
  start: { summary: "start a created container", load: () => start },
  run: { summary: "create and start a container", load: () => run },
  state: { summary: "show the state of a container", load: () => state },
  kill: { summary: "send a signal to a container", load: () => kill },
  delete: { summary: "delete a container", load: () => deleteCommand },
  exec: { summary: "run another process in a container", load: () => exec },
  ps: {
    summary: "list the processes of a container",
    load: async () => (await import("./ps.ts")).ps,
  },
  list: { summary: "list containers", load: async () => (await import("./list.ts")).list },
  pause: {
    summary: "freeze the processes of a container",
    load: async () => (await import("./pause.ts")).pauseCommand,
  },
  resume: {
    summary: "thaw the processes of a container",
    load: async () => (await import("./pause.ts")).resumeCommand,
  },
  update: {
    summary: "change the limits of a container",
    load: async () => (await import("./update.ts")).update,
  },
  events: {
    summary: "show events and statistics of a container",
    load: async () => (await import("./events.ts")).events,
  },
  spec: { summary: "write a config.json", load: async () => (await import("./spec.ts")).spec },
  features: {
    summary: "show what this runtime supports",
    load: async () => (await import("./features.ts")).features,
  },
  checkpoint: {
    summary: "not supported",
    load: async () => (await import("./checkpoint.ts")).checkpoint,
  },
  restore: {
    summary: "not supported",
    load: async () => (await import("./checkpoint.ts")).restore,
  },
};
