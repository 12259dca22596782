// The commands on images, each of which stands in the table under one or two names.

import type { CommandEntry, CommandGroup } from "../command-entry.ts";
import { SEARCH } from "../registry/registry-entries.ts";

export const IMAGES: CommandEntry = {
  summary: "list images",
  load: async () => (await import("./images.ts")).images,
};

export const PULL: CommandEntry = {
  summary: "get an image from a registry",
  load: async () => (await import("./pull.ts")).pull,
};

export const PUSH: CommandEntry = {
  summary: "put an image into a registry",
  load: async () => (await import("./push.ts")).push,
};

export const COPY: CommandEntry = {
  summary: "copy an image from a registry to another",
  load: async () => (await import("./copy.ts")).copy,
};

export const SAVE: CommandEntry = {
  summary: "write images to an archive or a folder",
  load: async () => (await import("./save.ts")).save,
};

export const LOAD: CommandEntry = {
  summary: "get images from an archive or a folder",
  load: async () => (await import("./load.ts")).load,
};

export const IMPORT: CommandEntry = {
  summary: "make an image from the archive of a root file system",
  load: async () => (await import("./import.ts")).importCommand,
};

const EXPORT: CommandEntry = {
  summary: "write the root file system of an image to an archive",
  load: async () => (await import("./export.ts")).exportCommand,
};

export const CONVERT: CommandEntry = {
  summary: "make another form of an image",
  load: async () => (await import("./convert.ts")).convert,
};

export const LOGIN: CommandEntry = {
  summary: "keep a password for a registry",
  load: async () => (await import("./login.ts")).login,
};

export const LOGOUT: CommandEntry = {
  summary: "forget the password of a registry",
  load: async () => (await import("./logout.ts")).logout,
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

const INSPECT: CommandEntry = {
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
    pull: PULL,
    push: PUSH,
    copy: COPY,
    tag: TAG,
    untag: UNTAG,
    rm: { ...RMI, aliases: ["remove"] },
    prune: {
      summary: "remove images that nobody needs",
      load: async () => (await import("./prune.ts")).prune,
    },
    save: SAVE,
    load: LOAD,
    import: IMPORT,
    export: EXPORT,
    convert: CONVERT,
    inspect: INSPECT,
    history: HISTORY,
    search: SEARCH,
    exists: {
      summary: "say by the exit code whether an image is there",
      load: async () => (await import("./exists.ts")).exists,
    },
  },
};
