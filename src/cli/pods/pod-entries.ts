// The commands on pods, which stand behind `pod`.

import type { CommandGroup } from "../command-entry.ts";

export const POD: CommandGroup = {
  summary: "pods: containers that share namespaces",
  commands: {
    create: {
      summary: "make a pod without starting it",
      load: async () => (await import("./create.ts")).create,
    },
    start: {
      summary: "start pods with their containers",
      load: async () => (await import("./change-pods.ts")).start,
    },
    stop: {
      summary: "end pods with their containers",
      load: async () => (await import("./change-pods.ts")).stop,
    },
    restart: {
      summary: "stop pods and start them again",
      load: async () => (await import("./change-pods.ts")).restart,
    },
    kill: {
      summary: "send the containers of pods a signal",
      load: async () => (await import("./change-pods.ts")).kill,
    },
    pause: {
      summary: "let pods stand still",
      load: async () => (await import("./change-pods.ts")).pause,
    },
    unpause: {
      summary: "let paused pods go on",
      load: async () => (await import("./change-pods.ts")).unpause,
    },
    rm: {
      summary: "remove pods with their containers",
      aliases: ["remove"],
      load: async () => (await import("./rm.ts")).rm,
    },
    ps: {
      summary: "list pods",
      aliases: ["ls", "list"],
      load: async () => (await import("./ps.ts")).ps,
    },
    inspect: {
      summary: "show all that is known of pods",
      load: async () => (await import("./inspect.ts")).inspect,
    },
    exists: {
      summary: "tell by the exit code whether there is a pod",
      load: async () => (await import("./exists.ts")).exists,
    },
    top: {
      summary: "show the processes of a pod",
      load: async () => (await import("./top.ts")).top,
    },
    stats: {
      summary: "show what the containers of pods use",
      load: async () => (await import("./stats.ts")).stats,
    },
    logs: {
      summary: "show what the containers of a pod have written",
      load: async () => (await import("./logs.ts")).logs,
    },
    prune: {
      summary: "remove the pods that do not run",
      load: async () => (await import("./rm.ts")).prune,
    },
  },
};
