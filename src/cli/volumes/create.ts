// volume create: makes a volume and prints its name.

import { createVolume } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { badValue } from "../run/bad-value.ts";
import { parseLabels } from "../run/keeping.ts";
import { writeOutput } from "../write-text.ts";

const A_FOLDER = {
  reason: "a volume is a folder of the store, and has no options",
  hint: "`ocicat run -v /a/folder:/inside` and `--tmpfs` mount others",
};

export const create = defineCommand({
  usage: ["[FLAGS] [VOLUME]"],
  about:
    "Makes a volume, an empty folder in the store, and prints its name. One that is there stays.",
  flags: {
    label: { kind: "list", aliases: ["l"], value: "KEY=VALUE", help: "a label" },
    driver: { kind: "text", aliases: ["d"], value: "local", help: "for docker's sake" },
    ...PLACE_FLAGS,
  },
  refused: () => Promise.resolve({ opt: A_FOLDER, o: A_FOLDER }),
  args: { min: 0, max: 1 },
  examples: ["ocicat volume create data", "ocicat volume create -l of=web"],
  async act(flags) {
    const driver = flags.text("driver") ?? "local";
    if (driver !== "local") {
      throw badValue("driver", driver, "there is no driver but local");
    }
    const labels = parseLabels(flags.list("label"));
    writeOutput(`${await createVolume(flags.args[0], { ...placeOptions(flags), labels })}\n`);
    return 0;
  },
});
