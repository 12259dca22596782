// rm: removes containers with all that they have written.

import {
  type RemoveOptions,
  removeContainer,
} from "../../engine/containers/container-operations.ts";
import { listContainers } from "../../engine/containers/list-containers.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { forEachContainer, PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const rm = defineCommand({
  usage: ["[FLAGS] CONTAINER...", "[FLAGS] --all"],
  about: "Removes containers, and all that they have written outside of mounts.",
  flags: {
    all: { kind: "switch", aliases: ["a"], help: "every container" },
    force: {
      kind: "switch",
      aliases: ["f"],
      help: "kill those that run; one that is gone is no error",
    },
    volumes: {
      kind: "switch",
      aliases: ["v"],
      help: "their volumes without a name, too",
    },
    ...PLACE_FLAGS,
  },
  args: { min: 1, unless: (flags) => flags.switch("all") },
  completes: "container",
  examples: ["ocicat rm web", "ocicat rm -f web db", "ocicat rm --all"],
  async act(flags, { command }) {
    const place = placeOptions(flags);
    const force = flags.switch("force");
    const words = flags.switch("all")
      ? (await listContainers({ ...place, all: true })).map(({ record }) => record.id)
      : flags.args;
    return forEachContainer(words, command, (word) =>
      remove(word, { ...place, force, volumes: flags.switch("volumes") }),
    );
  },
});

/** Undefined: it is not there, which was asked for. */
async function remove(word: string, options: RemoveOptions): Promise<string | undefined> {
  try {
    await removeContainer(word, options);
    return word;
  } catch (error) {
    const isGone = error instanceof OcicatError && error.code === "not-found";
    if (options.force === true && isGone) {
      return undefined;
    }
    throw error;
  }
}
