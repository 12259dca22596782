// The commands on images, each of which stands in the table under one or two names.

import type { CommandEntry, CommandGroup } from "../command-table.ts";

export const IMAGES: CommandEntry = {
  summary: "list images",
  load: async () => (await import("./images.ts")).images,
};

export const TAG: CommandEntry = {
  summary: "give an image another name",
  load: async () => (await import("./tag.ts")).tag,
};

export const UNTAG: CommandEntry = {
  summary: "take names from an image",
  load: async () => (await import("./untag.ts")).untag,
};

export const RMI: CommandEntry = {
  summary: "remove images",
  load: async () => (await import("./rmi.ts")).rmi,
};

export const INSPECT: CommandEntry = {
  summary: "show all that is known of an image",
  load: async () => (await import("./inspect.ts")).inspect,
};

export const HISTORY: CommandEntry = {
  summary: "show how an image was made",
  load: async () => (await import("./history.ts")).history,
};

/** With the names that docker and podman have for commands behind `image`. */
export const IMAGE: CommandGroup = {
  summary: "images",
  commands: {
    ls: { ...IMAGES, aliases: ["list"] },
    tag: TAG,
    untag: UNTAG,
    rm: { ...RMI, aliases: ["remove"] },
    prune: {
      summary: "remove images that nobody needs",
      load: async () => (await import("./prune.ts")).prune,
    },
    inspect: INSPECT,
    history: HISTORY,
    exists: {
      summary: "say by the exit code whether an image is there",
      load: async () => (await import("./exists.ts")).exists,
    },
  },
};
