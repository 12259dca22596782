// The commands about the store and the machine as a whole.

import type { CommandEntry, CommandGroup } from "../command-entry.ts";

export const INFO: CommandEntry = {
  summary: "show versions, the store, the machine and registries",
  load: async () => (await import("./info.ts")).info,
};

export const EVENTS: CommandEntry = {
  summary: "show what happens to containers, images and volumes",
  load: async () => (await import("../events.ts")).eventsCommand,
};

export const SYSTEM: CommandGroup = {
  summary: "the store and the machine as a whole",
  commands: {
    info: INFO,
    events: EVENTS,
    df: {
      summary: "show what images and containers take of the disk",
      load: async () => (await import("./df.ts")).df,
    },
    check: {
      summary: "check the store, and repair it",
      load: async () => (await import("./check.ts")).check,
    },
    prune: {
      summary: "remove what nobody needs",
      load: async () => (await import("./prune.ts")).prune,
    },
    reset: {
      summary: "remove everything: containers, images, volumes, secrets",
      load: async () => (await import("./reset.ts")).reset,
    },
  },
};
