// kube generate: YAML that `kube play` makes the same of.

import { writeFileSync } from "node:fs";
import { generateKube } from "../../engine/kube/generate-kube.ts";
import { namingFile } from "../../error/file-failure.ts";
import { absolutePath } from "../absolute-path.ts";
import { defineCommand } from "../command.ts";
import { PLACE_FLAGS, placeOptions } from "../containers/container-flags.ts";
import { showText } from "../terminal/printable.ts";

export const generate = defineCommand({
  usage: ["[FLAGS] POD...", "[FLAGS] CONTAINER..."],
  about: `Writes a Pod document for each pod, and one for all of the containers that are named. Named volumes become
claims, those that a played pod has for itself what they were: emptyDir, or a ConfigMap with its files. What a document
cannot say is named in warnings.`,
  flags: {
    filename: { kind: "text", aliases: ["f"], value: "FILE", help: "write to this new file" },
    ...PLACE_FLAGS,
  },
  refused: async () => (await import("./refused-flags.ts")).REFUSED_GENERATE_FLAGS,
  args: { min: 1 },
  completes: "pod",
  examples: ["ocicat kube generate web", "ocicat kube generate -f web.yaml web"],
  async act(flags) {
    const text = `${await generateKube(flags.args, placeOptions(flags))}\n`;
    const file = flags.text("filename");
    if (file === undefined) {
      showText(text);
    } else {
      const path = absolutePath(file);
      namingFile("write", path, () => writeFileSync(path, text, { flag: "wx" }));
    }
    return 0;
  },
});
