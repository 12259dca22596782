// The commands behind `registry`, and `search`, podman's name for two of them.

import type { CommandEntry, CommandGroup } from "../command-entry.ts";

export const REGISTRY: CommandGroup = {
  summary: "what registries have",
  commands: {
    ls: {
      summary: "list the repositories of a registry",
      aliases: ["list"],
      load: async () => (await import("./ls.ts")).ls,
    },
    tags: {
      summary: "list the tags of a repository",
      load: async () => (await import("./tags.ts")).tags,
    },
    rm: {
      summary: "remove images from a registry",
      aliases: ["remove"],
      load: async () => (await import("./rm.ts")).rm,
    },
  },
};

export const SEARCH: CommandEntry = {
  summary: "look for repositories or tags in a registry",
  load: async () => (await import("./search.ts")).search,
};
