// export, image export: the root file system of an image.

import { exportImageFiles } from "../../engine/images/image-archives.ts";
import { defineCommand } from "../command.ts";
import { workFailureCode } from "../interruptible.ts";
import { archiveOutput } from "./archive-path.ts";
import { PLATFORM_FLAG } from "./image-flags.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";

export const exportCommand = defineCommand({
  usage: ["[FLAGS] IMAGE"],
  about: `Writes the root file system of an image as a tar archive: all layers in one, with owners, modes,
times, extended attributes, hard links and devices. \`ocicat import\` makes an image of it again.`,
  flags: {
    output: { kind: "text", aliases: ["o"], value: "FILE", help: "file; else stdout" },
    ...PLATFORM_FLAG,
    ...WORK_FLAGS,
  },
  args: { min: 1, max: 1 },
  completes: "image",
  examples: ["ocicat image export -o rootfs.tar debian:12", "ocicat export debian:12 | tar -tv"],
  async act(flags) {
    await withProgress(flags, (work) =>
      exportImageFiles(flags.args[0] ?? "", archiveOutput(flags.text("output")), {
        ...work,
        platform: flags.text("platform"),
      }),
    );
    return 0;
  },
  failureCode: workFailureCode,
});
