// save, image save: images of the store into an archive or a folder.

import { saveImages } from "../../engine/images/image-archives.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { archiveOutput } from "./archive-path.ts";
import { choiceOf } from "./choice-flag.ts";
import { PLATFORM_FLAG } from "./image-flags.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";

const SAVE_FLAGS = {
  format: {
    kind: "text",
    value: "FORMAT",
    help: "docker-archive, the default, oci-archive, oci-dir or docker-dir",
  },
  output: { kind: "text", aliases: ["o"], value: "FILE", help: "file or folder; else stdout" },
  "multi-image-archive": {
    kind: "switch",
    aliases: ["m"],
    help: "for podman's sake: an archive may have several images",
  },
  uncompressed: { kind: "switch", help: "layers without compression, for old readers" },
  ...PLATFORM_FLAG,
  ...WORK_FLAGS,
} as const satisfies FlagTable;

export const save = defineCommand({
  usage: ["[FLAGS] IMAGE..."],
  about: `Writes images to one archive, or to a folder, with their layers as they came. A docker-archive is an
OCI image layout as well. The same images give the same bytes.`,
  flags: SAVE_FLAGS,
  refused: async () => (await import("./refused-flags.ts")).REFUSED_SAVE_FLAGS,
  args: { min: 1 },
  completes: "image",
  examples: [
    "ocicat save -o debian.tar debian:12",
    "ocicat save debian:12 app:1.0 | ssh host ocicat load",
    "ocicat save --format oci-dir -o layout debian:12",
  ],
  act: saveCommand,
  failureCode: workFailureCode,
});

async function saveCommand(flags: FlagsOf<typeof SAVE_FLAGS>): Promise<number> {
  const format = choiceOf("format", flags.text("format"), FORMATS) ?? "docker-archive";
  await withProgress(flags, (work) =>
    saveImages(flags.args, archiveOutput(flags.text("output")), {
      ...work,
      format,
      platform: flags.text("platform"),
      uncompressed: flags.switch("uncompressed"),
    }),
  );
  return 0;
}

const FORMATS = ["docker-archive", "oci-archive", "oci-dir", "docker-dir"] as const;
