// push, image push: images from the store into registries.

import { pushImages } from "../../engine/images/push-images.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { badValue } from "../run/bad-value.ts";
import { writeOutput } from "../write-text.ts";
import { FORM_FLAGS, pushForm } from "./form-flags.ts";
import { writeIdFile } from "./id-file.ts";
import { PLATFORM_FLAG } from "./image-flags.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";
import { CREDENTIAL_FLAGS, FOREIGN_LAYERS_FLAG, registryAccess } from "./registry-flags.ts";
import { checkTrust, TRUST_FLAG } from "./trust-flag.ts";

const PUSH_FLAGS = {
  "all-tags": { kind: "switch", aliases: ["a"], help: "every name of the store in the repository" },
  referrers: { kind: "switch", help: "also what refers to it: signatures, lists of parts" },
  ...FOREIGN_LAYERS_FLAG,
  digestfile: { kind: "text", value: "FILE", help: "write the manifest's digest to it" },
  ...FORM_FLAGS,
  "remove-signatures": { kind: "switch", help: "for podman's sake: without --referrers none goes" },
  ...TRUST_FLAG,
  ...PLATFORM_FLAG,
  ...WORK_FLAGS,
  ...CREDENTIAL_FLAGS,
} as const satisfies FlagTable;

export const push = defineCommand({
  usage: ["[FLAGS] IMAGE [NAME[:TAG]]", "[FLAGS] --all-tags REPOSITORY"],
  about: `Puts an image of the store into a registry: where its name says, or under another name. It goes byte
for byte as it is here, unless another form is asked for; what containers see, and its ID, are the same in any form.`,
  flags: PUSH_FLAGS,
  refused: async () => (await import("./refused-flags.ts")).REFUSED_PUSH_FLAGS,
  args: { min: 1, max: 2 },
  completes: "image",
  examples: [
    "ocicat push registry.example/app:1.0",
    "ocicat push debian:12 localhost:5000/debian:12",
    "ocicat push --compression-format zstd app:1.0 registry.example/app:1.0",
  ],
  act: pushCommand,
  failureCode: workFailureCode,
});

type PushFlags = FlagsOf<typeof PUSH_FLAGS>;

async function pushCommand(flags: PushFlags): Promise<number> {
  checkPush(flags);
  const [image = "", target] = flags.args;
  const quiet = flags.switch("quiet");
  const results = await withProgress(flags, (work) =>
    pushImages(image, {
      ...work,
      ...registryAccess(flags),
      target,
      platform: flags.text("platform"),
      allTags: flags.switch("all-tags"),
      form: pushForm(flags),
      referrers: flags.switch("referrers"),
      foreignLayers: flags.switch("allow-nondistributable-artifacts"),
    }),
  );
  for (const { name, descriptor } of results) {
    const { digest, size } = descriptor;
    writeOutput(quiet ? `${name}\n` : `${name}: digest: ${digest} size: ${size}\n`);
  }
  writeIdFile(flags.text("digestfile"), results[0]?.descriptor.digest ?? "");
  return 0;
}

function checkPush(flags: PushFlags): void {
  checkTrust(flags);
  const file = flags.text("digestfile");
  if (file !== undefined && flags.switch("all-tags")) {
    throw badValue("digestfile", file, "it does not go with --all-tags, which pushes several");
  }
  if (flags.switch("remove-signatures") && flags.switch("referrers")) {
    throw badValue("remove-signatures", "true", "it does not go with --referrers");
  }
}
