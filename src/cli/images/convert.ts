// convert, image convert: another form of an image.

import { convertStoredImage } from "../../engine/images/convert-image.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { writeOutput } from "../write-text.ts";
import { choiceOf } from "./choice-flag.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";
import { levelOf } from "./level-flag.ts";

const CONVERT_FLAGS = {
  compression: { kind: "text", value: "KIND", help: "of the layers: gzip, zstd or none" },
  format: { kind: "text", value: "FORMAT", help: "of the documents: oci or docker" },
  level: { kind: "text", value: "NUMBER", help: "how much work to put into compressing" },
  ...WORK_FLAGS,
} as const satisfies FlagTable;

export const convert = defineCommand({
  usage: ["[FLAGS] IMAGE [NAME[:TAG]]"],
  about: `Makes another form of an image, under another name: its layers in another compression, its documents
in other media types. What containers see stays the same, and with it the image's ID. Prints the digest.`,
  flags: CONVERT_FLAGS,
  args: { min: 1, max: 2 },
  completes: "image",
  examples: [
    "ocicat convert --compression zstd --level 19 app:1.0 app:1.0-zstd",
    "ocicat convert --format docker app:1.0 app:1.0-docker",
  ],
  act: convertCommand,
  failureCode: workFailureCode,
});

async function convertCommand(flags: FlagsOf<typeof CONVERT_FLAGS>): Promise<number> {
  const [image = "", name] = flags.args;
  const compression = choiceOf("compression", flags.text("compression"), ["gzip", "zstd", "none"]);
  const mediaTypes = choiceOf("format", flags.text("format"), ["oci", "docker"]);
  const level = levelOf("level", flags.text("level"));
  const { descriptor } = await withProgress(
    flags,
    (work) =>
      convertStoredImage(image, {
        ...work,
        compression,
        mediaTypes,
        level,
        names: name === undefined ? [] : [name],
      }),
    "file",
  );
  writeOutput(`${descriptor.digest}\n`);
  return 0;
}
