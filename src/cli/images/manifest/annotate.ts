// manifest annotate: what a manifest list says about one of its images.

import { annotateManifestList } from "../../../engine/images/manifest-lists.ts";
import { OcicatError, quote } from "../../../error/ocicat-error.ts";
import { defineCommand } from "../../command.ts";
import type { FlagsOf, FlagTable } from "../../flags.ts";
import { writeOutput } from "../../write-text.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";

const ANNOTATE_FLAGS = {
  annotation: { kind: "list", value: "KEY=VALUE", help: "an annotation" },
  arch: { kind: "text", value: "ARCH", help: "architecture: amd64, arm64" },
  os: { kind: "text", value: "OS", help: "operating system" },
  "os-features": { kind: "list", value: "FEATURE", help: "features of it, separated by commas" },
  "os-version": { kind: "text", value: "VERSION", help: "version of it" },
  variant: { kind: "text", value: "VARIANT", help: "of the architecture: v7" },
  ...STORE_FLAG,
} as const satisfies FlagTable;

export const annotate = defineCommand({
  usage: ["[FLAGS] LIST IMAGE|DIGEST"],
  about: "Changes what a manifest list says about one of its images. Prints the list's new digest.",
  flags: ANNOTATE_FLAGS,
  args: { min: 2, max: 2 },
  completes: "image",
  examples: ["ocicat manifest annotate --arch arm --variant v7 app:1.0 app:1.0-armhf"],
  act: annotateCommand,
});

async function annotateCommand(flags: FlagsOf<typeof ANNOTATE_FLAGS>): Promise<number> {
  const [list = "", entry = ""] = flags.args;
  const features = flags.list("os-features").flatMap((text) => text.split(","));
  const { descriptor } = await annotateManifestList(list, entry, {
    ...imageOptions(flags.text("store")),
    os: flags.text("os"),
    architecture: flags.text("arch"),
    variant: flags.text("variant"),
    osVersion: flags.text("os-version"),
    osFeatures: features.length === 0 ? undefined : features,
    annotations: Object.fromEntries(flags.list("annotation").map(annotationOf)),
  });
  writeOutput(`${descriptor.digest}\n`);
  return 0;
}

function annotationOf(text: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals < 1) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--annotation ${quote(text)}`,
      reason: "it is not of the form KEY=VALUE",
    });
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}
