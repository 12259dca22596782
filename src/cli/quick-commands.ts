// The commands that are to cost nothing but what they do: they are found without the table of all commands.

import type { CommandEntry, CommandGroup } from "./command-entry.ts";
import { HEALTHCHECK } from "./healthcheck/healthcheck-entries.ts";

export const RUN: CommandEntry = {
  summary: "run a container from an image, a folder or the built-in hello",
  load: async () => (await import("./run.ts")).runCommand,
};

export const EXEC: CommandEntry = {
  summary: "run another process in a container",
  load: async () => (await import("./containers/exec.ts")).exec,
};

export const START: CommandEntry = {
  summary: "start containers",
  load: async () => (await import("./containers/start.ts")).start,
};

export const STOP: CommandEntry = {
  summary: "end containers",
  load: async () => (await import("./containers/stop.ts")).stop,
};

export const RM: CommandEntry = {
  summary: "remove containers",
  load: async () => (await import("./containers/rm.ts")).rm,
};

export const CONTAINER_ENDED: CommandEntry = {
  summary: "give back what a container had that has ended",
  isHidden: true,
  load: async () => (await import("./containers/container-ended.ts")).containerEnded,
};

export const QUICK_COMMANDS: Readonly<Record<string, CommandEntry | CommandGroup>> = {
  run: RUN,
  exec: EXEC,
  start: START,
  stop: STOP,
  rm: RM,
  healthcheck: HEALTHCHECK,
  "container-ended": CONTAINER_ENDED,
};
