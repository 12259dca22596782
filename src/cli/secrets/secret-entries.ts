// The commands on secrets.

import type { CommandGroup } from "../command-entry.ts";

export const SECRET: CommandGroup = {
  summary: "values that containers are given and nothing shows",
  commands: {
    create: {
      summary: "make a secret of a file, standard input or a variable",
      load: async () => (await import("./create.ts")).create,
    },
    ls: {
      summary: "list secrets",
      aliases: ["list"],
      load: async () => (await import("./ls.ts")).ls,
    },
    inspect: {
      summary: "show what is known of secrets",
      load: async () => (await import("./inspect.ts")).inspect,
    },
    rm: {
      summary: "remove secrets",
      aliases: ["remove"],
      load: async () => (await import("./rm.ts")).rm,
    },
    exists: {
      summary: "say by the exit code whether a secret is there",
      load: async () => (await import("./exists.ts")).exists,
    },
  },
};
