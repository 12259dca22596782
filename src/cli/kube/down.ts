// kube down: what a file's play has made goes.

import { downKube } from "../../engine/kube/down-kube.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { writeOutput } from "../write-text.ts";
import { readDocument } from "./read-document.ts";

export const down = defineCommand({
  usage: ["[FLAGS] FILE", "[FLAGS] -"],
  about: `Stops and removes the pods of a YAML file, with their own volumes and the file's secrets. The volumes of
claims stay, unless --force is given. What is gone already is no error.`,
  flags: {
    force: { kind: "switch", help: "remove the volumes of claims, too" },
    ...PLACE_FLAGS,
  },
  args: { min: 1, max: 1 },
  completes: "file",
  examples: ["ocicat kube down web.yaml", "ocicat kube down --force web.yaml"],
  async act(flags) {
    const { pods, secrets, volumes } = await downKube({
      ...placeOptions(flags),
      ...readDocument(flags.args[0] ?? ""),
      force: flags.switch("force"),
    });
    const lines = [
      "Pods removed:",
      ...pods,
      "Secrets removed:",
      ...secrets,
      "Volumes removed:",
      ...volumes,
    ];
    writeOutput(lines.map((line) => `${line}\n`).join(""));
    return 0;
  },
});
