// import, image import: an image from the archive of a root file system.

import { importImage } from "../../engine/images/image-archives.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { writeOutput } from "../write-text.ts";
import { archiveInput } from "./archive-path.ts";
import { PLATFORM_FLAG } from "./image-flags.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";
import { chosenPlatform, PLATFORM_PART_FLAGS } from "./platform-flags.ts";

const IMPORT_FLAGS = {
  author: { kind: "text", value: "NAME", help: "who made it" },
  change: {
    kind: "list",
    aliases: ["c"],
    value: "INSTRUCTION",
    help: "of a Dockerfile: 'CMD [\"sh\"]', 'ENV A=1', ...",
  },
  message: { kind: "text", aliases: ["m"], value: "TEXT", help: "for the image's history" },
  ...PLATFORM_FLAG,
  ...PLATFORM_PART_FLAGS,
  ...WORK_FLAGS,
} as const satisfies FlagTable;

export const importCommand = defineCommand({
  usage: ["[FLAGS] FILE|- [NAME[:TAG]]"],
  about: `Makes an image of one layer from the archive of a root file system: tar, also compressed with gzip,
zstd, xz or bzip2. Prints its ID.`,
  flags: IMPORT_FLAGS,
  args: { min: 1, max: 2 },
  completes: "file",
  examples: [
    "ocicat import rootfs.tar.gz base:1",
    "tar -C rootfs -c . | ocicat import -c 'CMD [\"/bin/sh\"]' - base:1",
  ],
  act: importRootfs,
  failureCode: workFailureCode,
});

async function importRootfs(flags: FlagsOf<typeof IMPORT_FLAGS>): Promise<number> {
  const [path = "-", name] = flags.args;
  if (/^https?:\/\//.test(path)) {
    throw new OcicatError("unsupported", {
      operation: "import",
      subject: quote(path),
      reason: "it is an address, not a file",
      hint: `curl --fail ${path} | ocicat import -`,
    });
  }
  const platform = chosenPlatform(flags);
  const { imageId, descriptor } = await withProgress(
    flags,
    (work) =>
      importImage(archiveInput(path), {
        ...work,
        platform,
        names: name === undefined ? [] : [name],
        changes: flags.list("change"),
        message: flags.text("message"),
        author: flags.text("author"),
      }),
    "file",
  );
  writeOutput(`${imageId ?? descriptor.digest}\n`);
  return 0;
}
