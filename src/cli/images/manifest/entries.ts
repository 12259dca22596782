// The commands behind `manifest`, with docker's and podman's names.

import type { CommandGroup } from "../../command-entry.ts";

export const MANIFEST: CommandGroup = {
  summary: "images for several platforms",
  commands: {
    create: {
      summary: "make a manifest list of images",
      load: async () => (await import("./create.ts")).create,
    },
    add: {
      summary: "add images to a manifest list",
      load: async () => (await import("./add.ts")).add,
    },
    annotate: {
      summary: "change what a manifest list says about an image",
      load: async () => (await import("./annotate.ts")).annotate,
    },
    exists: {
      summary: "say by the exit code whether there is a manifest list",
      load: async () => (await import("./exists.ts")).exists,
    },
    inspect: {
      summary: "show a manifest or a manifest list",
      load: async () => (await import("./inspect.ts")).inspect,
    },
    push: {
      summary: "put a manifest list into a registry",
      load: async () => (await import("./push.ts")).push,
    },
    remove: {
      summary: "take images from a manifest list",
      load: async () => (await import("./remove.ts")).remove,
    },
    rm: {
      summary: "remove manifest lists",
      load: async () => (await import("./rm.ts")).rm,
    },
  },
};
