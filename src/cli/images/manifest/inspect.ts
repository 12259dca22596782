// manifest inspect: the manifest or manifest list that a name leads to.

import { inspectManifest, inspectReferrers } from "../../../engine/images/inspect-manifest.ts";
import { defineCommand } from "../../command.ts";
import type { FlagsOf, FlagTable } from "../../flags.ts";
import { workFailureCode } from "../../interruptible.ts";
import { showText } from "../../terminal/printable.ts";
import { imageOptions, STORE_FLAG } from "../image-flags.ts";
import { CREDENTIAL_FLAGS, INSECURE_FLAG, insecureAccess } from "../registry-flags.ts";

const INSPECT_FLAGS = {
  raw: { kind: "switch", help: "byte for byte, as its digest is of" },
  referrers: { kind: "switch", help: "list what refers to it: signatures, lists of parts" },
  remote: { kind: "switch", help: "ask the registry, whatever the store has" },
  verbose: { kind: "switch", aliases: ["v"], help: "with its descriptor" },
  ...CREDENTIAL_FLAGS,
  ...INSECURE_FLAG,
  ...STORE_FLAG,
} as const satisfies FlagTable;

export const inspect = defineCommand({
  usage: ["[FLAGS] IMAGE"],
  about: "Shows the manifest or manifest list of an image of the store, or else of a registry.",
  flags: INSPECT_FLAGS,
  refused: async () => (await import("../refused-flags.ts")).REFUSED_REGISTRY_FLAGS,
  args: { min: 1, max: 1 },
  completes: "image",
  examples: [
    "ocicat manifest inspect debian:12",
    "ocicat manifest inspect --remote --raw debian:12 | sha256sum",
    "ocicat manifest inspect --referrers registry.example/app:1.0",
  ],
  act: inspectCommand,
  failureCode: workFailureCode,
});

async function inspectCommand(flags: FlagsOf<typeof INSPECT_FLAGS>): Promise<number> {
  const image = flags.args[0] ?? "";
  const options = {
    ...imageOptions(flags.text("store")),
    ...insecureAccess(flags),
    remote: flags.switch("remote"),
  };
  if (flags.switch("referrers")) {
    showText(`${JSON.stringify(await inspectReferrers(image, options), undefined, 4)}\n`);
    return 0;
  }
  const { descriptor, text } = await inspectManifest(image, options);
  if (flags.switch("raw")) {
    showText(text);
    return 0;
  }
  const document: unknown = JSON.parse(text);
  const shown = flags.switch("verbose") ? { Descriptor: descriptor, Manifest: document } : document;
  showText(`${JSON.stringify(shown, undefined, 4)}\n`);
  return 0;
}
