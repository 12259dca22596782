// container clone: a container like another one, with podman's flags.

import { cloneContainer } from "../../engine/containers/clone-container.ts";
import { removeContainer, startByName } from "../../engine/containers/container-operations.ts";
import { defineCommand } from "../command.ts";
import { badValue } from "../run/bad-value.ts";
import { LIMIT_FLAGS } from "../run/resource-flags.ts";
import { parseChangedLimits } from "../run/resource-options.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./container-flags.ts";

export const clone = defineCommand({
  usage: ["[FLAGS] CONTAINER [NAME [IMAGE]]"],
  about: `Makes a container like another one: with all that this was asked for, and nothing of what it has
written. Volumes with a name are the same, those without a name are its own. Prints its ID.`,
  flags: {
    name: { kind: "text", value: "NAME", help: "of the new one; the other's with -clone" },
    pod: { kind: "text", value: "POD", help: "put it into this pod" },
    run: { kind: "switch", help: "start it" },
    destroy: { kind: "switch", help: "remove the other one" },
    force: { kind: "switch", aliases: ["f"], help: "with --destroy: also while it runs" },
    ...LIMIT_FLAGS,
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 3 },
  completes: "container",
  examples: [
    "ocicat container clone web",
    "ocicat container clone --destroy --force --run --memory 1g web web2 nginx:1.27",
  ],
  async act(flags) {
    const [word = "", name = flags.text("name"), image] = flags.args;
    const force = flags.switch("force");
    if (force && !flags.switch("destroy")) {
      throw badValue("force", "true", "it says how to --destroy the other one");
    }
    const place = placeOptions(flags);
    const limits = parseChangedLimits(flags);
    const id = await cloneContainer(word, {
      ...place,
      name,
      image,
      limits,
      pod: flags.text("pod"),
    });
    if (flags.switch("destroy")) {
      await removeContainer(word, { ...place, force });
    }
    if (flags.switch("run")) {
      await startByName(id, place);
    }
    writeOutput(`${id}\n`);
    return 0;
  },
  failureCode: () => 125,
});
