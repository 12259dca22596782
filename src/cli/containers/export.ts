// export, container export: the files of a container, or of an image, as an archive.

import { exportContainer } from "../../engine/containers/export-container.ts";
import { exportImageFiles } from "../../engine/images/image-archives.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { absolutePath } from "../absolute-path.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { archiveOutput } from "../images/archive-path.ts";
import { PLATFORM_FLAG } from "../images/image-flags.ts";
import { WORK_FLAGS, withProgress } from "../images/image-work.ts";
import { workFailureCode } from "../interruptible.ts";
import { PLACE_FLAGS } from "./container-flags.ts";

const EXPORT_FLAGS = {
  output: { kind: "text", aliases: ["o"], value: "FILE", help: "file; else stdout" },
  root: PLACE_FLAGS.root,
  ...WORK_FLAGS,
} as const satisfies FlagTable;

export const exportContainers = defineCommand({
  usage: ["[FLAGS] CONTAINER"],
  about: "Writes the files of a container as a tar archive, without what is mounted in it.",
  flags: EXPORT_FLAGS,
  args: { min: 1, max: 1 },
  completes: "container",
  examples: ["ocicat container export -o web.tar web"],
  async act(flags) {
    const word = flags.args[0] ?? "";
    if (!(await tryExport(word, flags))) {
      throw new OcicatError("not-found", {
        operation: "find",
        subject: `container ${quote(word.slice(0, 200))}`,
        reason: "there is none of this name or id",
      });
    }
    return 0;
  },
  failureCode: workFailureCode,
});

export const exportAny = defineCommand({
  usage: ["[FLAGS] CONTAINER|IMAGE"],
  about: `Writes the files of a container, without what is mounted in it, as a tar archive; or, where no
container has that name, the root file system of an image, all layers in one. Owners, modes, times,
extended attributes, hard links and devices are in it. \`ocicat import\` makes an image of it.`,
  flags: { ...EXPORT_FLAGS, ...PLATFORM_FLAG },
  args: { min: 1, max: 1 },
  completes: "container",
  examples: ["ocicat export -o web.tar web", "ocicat export debian:12 | tar -tv"],
  async act(flags) {
    const word = flags.args[0] ?? "";
    if (!(await tryExport(word, flags))) {
      const platform = flags.text("platform");
      const output = archiveOutput(flags.text("output"));
      await withProgress(flags, (work) =>
        exportImageFiles(word, output, { ...work, platform }).catch(namingBoth),
      );
    }
    return 0;
  },
  failureCode: workFailureCode,
});

function namingBoth(error: unknown): never {
  if (!(error instanceof OcicatError) || error.code !== "not-found" || error.operation !== "find") {
    throw error;
  }
  const { subject, hint } = error;
  throw new OcicatError("not-found", {
    operation: "find",
    subject: subject.replace(/^image /, "container or image "),
    reason: "there is none of this name or id",
    cause: error,
    ...(hint?.startsWith("did you mean") === true
      ? { hint }
      : { hint: "`ocicat ps -a` and `ocicat images` list what there is" }),
  });
}

/** False: there is no such container. */
function tryExport(word: string, flags: FlagsOf<typeof EXPORT_FLAGS>): Promise<boolean> {
  const root = flags.text("root");
  return withProgress(flags, (work) =>
    exportContainer(word, archiveOutput(flags.text("output")), {
      ...work,
      ...(root === undefined ? {} : { stateRoot: absolutePath(root) }),
    }),
  );
}
