// volume create: makes a volume and prints its name.

import { createVolume } from "../../engine/volumes/volume-operations.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { badValue } from "../run/bad-value.ts";
import { parseLabels } from "../run/keeping.ts";
import { parsePairs } from "../run/values.ts";
import { writeOutput } from "../write-text.ts";

export const create = defineCommand({
  usage: ["[FLAGS] [VOLUME]"],
  about: `Makes a volume, an empty folder in the store, and prints its name. One that is there stays.

With --opt it is what is mounted in its place, in each container that has the volume: type=tmpfs for memory, which is
one container's at a time; o=bind and device=PATH for a folder of the host; else a file system as mount(8) takes it.`,
  flags: {
    label: { kind: "list", aliases: ["l"], value: "KEY=VALUE", help: "a label" },
    driver: { kind: "text", aliases: ["d"], value: "local", help: "for docker's sake" },
    opt: {
      kind: "list",
      aliases: ["o"],
      value: "KEY=VALUE",
      help: "what is mounted in its place: type=, device=, o= with mount options",
    },
    ...PLACE_FLAGS,
  },
  args: { min: 0, max: 1 },
  examples: [
    "ocicat volume create data",
    "ocicat volume create -l of=web",
    "ocicat volume create -o type=tmpfs -o o=size=100m,mode=1777 scratch",
    "ocicat volume create -o device=/srv/data -o o=bind,ro data",
  ],
  async act(flags) {
    const driver = flags.text("driver") ?? "local";
    if (driver !== "local") {
      throw badValue("driver", driver, "there is no driver but local");
    }
    const labels = parseLabels(flags.list("label"));
    const options = parsePairs("opt", flags.list("opt"));
    const request = { ...placeOptions(flags), labels, options };
    writeOutput(`${await createVolume(flags.args[0], request)}\n`);
    return 0;
  },
});
