// The commands on containers, each of which stands in the table under one or two names.

import type { CommandEntry, CommandGroup } from "../command-entry.ts";
import { EXEC, RM, RUN, START, STOP } from "../quick-commands.ts";

export const CREATE: CommandEntry = {
  summary: "make a container without starting it",
  load: async () => (await import("../create.ts")).createCommand,
};

export const PS: CommandEntry = {
  summary: "list containers",
  load: async () => (await import("./ps.ts")).ps,
};

export const RESTART: CommandEntry = {
  summary: "stop containers and start them again",
  load: async () => (await import("./restart.ts")).restart,
};

export const KILL: CommandEntry = {
  summary: "send containers a signal",
  load: async () => (await import("./kill.ts")).kill,
};

export const PAUSE: CommandEntry = {
  summary: "let containers stand still",
  load: async () => (await import("./pause.ts")).pause,
};

export const UNPAUSE: CommandEntry = {
  summary: "let paused containers go on",
  load: async () => (await import("./pause.ts")).unpause,
};

export const ATTACH: CommandEntry = {
  summary: "connect with a container's streams",
  load: async () => (await import("./attach.ts")).attach,
};

export const INSPECT: CommandEntry = {
  summary: "show all that is known of containers or images",
  load: async () => (await import("./inspect.ts")).inspect,
};

const INSPECT_CONTAINERS: CommandEntry = {
  summary: "show all that is known of containers",
  load: async () => (await import("./inspect.ts")).inspectContainers,
};

export const TOP: CommandEntry = {
  summary: "show the processes of a container",
  load: async () => (await import("./top.ts")).top,
};

export const PORT: CommandEntry = {
  summary: "show where the host has a container's ports",
  load: async () => (await import("./port.ts")).port,
};

export const TRACE: CommandEntry = {
  summary: "show what the last start of a container took its time for",
  load: async () => (await import("./trace.ts")).trace,
};

export const STATS: CommandEntry = {
  summary: "show what containers use",
  load: async () => (await import("./stats.ts")).stats,
};

export const UPDATE: CommandEntry = {
  summary: "give containers other limits",
  load: async () => (await import("./update.ts")).update,
};

const PRUNE: CommandEntry = {
  summary: "remove the containers that do not run",
  load: async () => (await import("./prune.ts")).prune,
};

export const CP: CommandEntry = {
  summary: "copy files into containers and out of them",
  load: async () => (await import("./cp.ts")).cp,
};

export const DIFF: CommandEntry = {
  summary: "show what a container has changed in its image",
  load: async () => (await import("./diff.ts")).diff,
};

export const EXPORT: CommandEntry = {
  summary: "write the files of a container or an image as an archive",
  load: async () => (await import("./export.ts")).exportAny,
};

const EXPORT_CONTAINERS: CommandEntry = {
  summary: "write the files of a container as an archive",
  load: async () => (await import("./export.ts")).exportContainers,
};

export const COMMIT: CommandEntry = {
  summary: "make an image of a container",
  load: async () => (await import("./commit.ts")).commit,
};

export const LOGS: CommandEntry = {
  summary: "show what a container has written",
  load: async () => (await import("./logs.ts")).logs,
};

export const WAIT: CommandEntry = {
  summary: "wait for the end of containers",
  load: async () => (await import("./wait.ts")).wait,
};

export const RENAME: CommandEntry = {
  summary: "give a container another name",
  load: async () => (await import("./rename.ts")).rename,
};

export const AS_OWNER: CommandEntry = {
  summary: "give files to the ids of a container",
  isHidden: true,
  load: async () => (await import("./as-owner.ts")).asOwner,
};

/** With the names that docker and podman have for commands behind `container`. */
export const CONTAINER: CommandGroup = {
  summary: "containers",
  commands: {
    run: RUN,
    create: CREATE,
    ls: { ...PS, aliases: ["list", "ps"] },
    start: START,
    stop: STOP,
    restart: RESTART,
    kill: KILL,
    rm: { ...RM, aliases: ["remove"] },
    pause: PAUSE,
    unpause: UNPAUSE,
    attach: ATTACH,
    exec: EXEC,
    inspect: INSPECT_CONTAINERS,
    exists: {
      summary: "say by the exit code whether there is a container",
      load: async () => (await import("./exists.ts")).exists,
    },
    cp: CP,
    diff: DIFF,
    export: EXPORT_CONTAINERS,
    commit: COMMIT,
    clone: {
      summary: "make a container like another one",
      load: async () => (await import("./clone.ts")).clone,
    },
    port: PORT,
    top: TOP,
    stats: STATS,
    trace: TRACE,
    update: UPDATE,
    prune: PRUNE,
    logs: LOGS,
    wait: WAIT,
    rename: RENAME,
  },
};
