// inspect, image inspect: all that is known of images.

import { type ImageReport, inspectImage } from "../../engine/images/inspect-image.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { type CommandContext, defineCommand } from "../command.ts";
import { describeFailure } from "../describe-failure.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { Template } from "../terminal/template/template.ts";
import { writeError, writeOutput } from "../write-text.ts";
import { imageOptions, PLATFORM_FLAG, STORE_FLAG } from "./image-flags.ts";

const INSPECT_FLAGS = {
  format: { kind: "text", aliases: ["f"], value: "FORMAT", help: "json or a Go template" },
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
    "ocicat inspect debian:12",
    "ocicat inspect --format '{{.Os}}/{{.Architecture}} {{join .Config.Cmd \" \"}}' debian:12",
    "ocicat inspect --format '{{json .Config.Labels}}' debian:12",
  ],
  act: inspectCommand,
});

async function inspectCommand(
  flags: FlagsOf<typeof INSPECT_FLAGS>,
  { command }: CommandContext,
): Promise<number> {
  const format = flags.text("format") ?? "json";
  const template = format === "json" || format === "" ? undefined : new Template(format);
  const reports: ImageReport[] = [];
  let failed = false;
  for (const image of flags.args) {
    try {
      const options = { ...imageOptions(flags.text("store")), platform: flags.text("platform") };
      reports.push(await inspectImage(image, options));
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      failed = true;
      writeError(`${command}: ${describeFailure(error)}\n`);
    }
  }
  writeOutput(
    template === undefined
      ? `${JSON.stringify(reports, undefined, 4)}\n`
      : reports.map((report) => `${template.render(report)}\n`).join(""),
  );
  return failed ? 1 : 0;
}
