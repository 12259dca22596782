// load, image load: images from an archive or a folder, with docker's lines.

import { loadImages } from "../../engine/images/image-archives.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { writeOutput } from "../write-text.ts";
import { archiveInput } from "./archive-path.ts";
import { PLATFORM_FLAG } from "./image-flags.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";

const LOAD_FLAGS = {
  input: { kind: "text", aliases: ["i"], value: "FILE", help: "archive or folder; else stdin" },
  ...PLATFORM_FLAG,
  ...WORK_FLAGS,
} as const satisfies FlagTable;

export const load = defineCommand({
  usage: ["[FLAGS]"],
  about: `Gets images from an archive that docker, podman, skopeo, buildah, umoci or \`ocicat save\` wrote: a
docker archive or an OCI image layout, in a tar file or a folder, compressed or not.`,
  flags: LOAD_FLAGS,
  args: { min: 0, max: 0 },
  examples: ["ocicat load -i images.tar", "docker save debian:12 | ocicat load"],
  act: loadCommand,
  failureCode: workFailureCode,
});

async function loadCommand(flags: FlagsOf<typeof LOAD_FLAGS>): Promise<number> {
  const loaded = await withProgress(
    flags,
    (work) =>
      loadImages(archiveInput(flags.text("input")), { ...work, platform: flags.text("platform") }),
    "file",
  );
  for (const { names, imageId, descriptor } of loaded) {
    const lines = names.map((name) => `Loaded image: ${name}\n`);
    const nameless = `Loaded image ID: ${imageId ?? descriptor.digest}\n`;
    writeOutput(names.length === 0 ? nameless : lines.join(""));
  }
  return 0;
}
