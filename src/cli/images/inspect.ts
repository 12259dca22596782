// image inspect: all that is known of images.

import { inspectImage } from "../../engine/images/inspect-image.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { INSPECT_FORMAT_FLAG, inspectEach } from "../inspect-each.ts";
import { imageOptions, PLATFORM_FLAG, STORE_FLAG } from "./image-flags.ts";

const INSPECT_FLAGS = {
  ...INSPECT_FORMAT_FLAG,
  ...PLATFORM_FLAG,
  ...STORE_FLAG,
} as const satisfies FlagTable;

export const inspect = defineCommand({
  usage: ["[FLAGS] IMAGE..."],
  about: "Shows all that is known of images, as a JSON array with the fields of docker.",
  flags: INSPECT_FLAGS,
  args: { min: 1 },
  completes: "image",
  examples: [
    "ocicat image inspect debian:12",
    "ocicat image inspect --format '{{.Os}}/{{.Architecture}} {{join .Config.Cmd \" \"}}' debian:12",
    "ocicat image inspect --format '{{json .Config.Labels}}' debian:12",
  ],
  act: inspectCommand,
});

function inspectCommand(
  flags: FlagsOf<typeof INSPECT_FLAGS>,
  { command }: CommandContext,
): Promise<number> {
  const options = { ...imageOptions(flags.text("store")), platform: flags.text("platform") };
  return inspectEach(flags, command, (image) => inspectImage(image, options));
}
