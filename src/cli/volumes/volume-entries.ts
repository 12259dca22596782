// The commands on volumes.

import type { CommandGroup } from "../command-entry.ts";

export const VOLUME: CommandGroup = {
  summary: "folders that outlive containers",
  commands: {
    create: {
      summary: "make a volume",
      load: async () => (await import("./create.ts")).create,
    },
    ls: {
      summary: "list volumes",
      aliases: ["list"],
      load: async () => (await import("./ls.ts")).ls,
    },
    inspect: {
      summary: "show all that is known of volumes",
      load: async () => (await import("./inspect.ts")).inspect,
    },
    exists: {
      summary: "say by the exit code whether there is a volume",
      load: async () => (await import("./exists.ts")).exists,
    },
    rm: {
      summary: "remove volumes with all that is in them",
      aliases: ["remove"],
      load: async () => (await import("./rm.ts")).rm,
    },
    prune: {
      summary: "remove the volumes that no container has",
      load: async () => (await import("./prune.ts")).prune,
    },
    export: {
      summary: "write what is in a volume as a tar archive",
      load: async () => (await import("./export.ts")).exportCommand,
    },
    import: {
      summary: "unpack a tar archive into a volume",
      load: async () => (await import("./import.ts")).importCommand,
    },
  },
};
