// manifest push: a manifest list and all of its images into a registry.

import { removeManifestLists } from "../../../engine/images/manifest-lists.ts";
import { pushManifestList } from "../../../engine/images/push-manifest-list.ts";
import { defineCommand } from "../../command.ts";
import type { FlagsOf, FlagTable } from "../../flags.ts";
import { workFailureCode } from "../../interruptible.ts";
import { writeOutput } from "../../write-text.ts";
import { FORM_FLAGS, pushForm } from "../form-flags.ts";
import { writeIdFile } from "../id-file.ts";
import { WORK_FLAGS, withProgress } from "../image-work.ts";
import { CREDENTIAL_FLAGS, INSECURE_FLAG, insecureAccess } from "../registry-flags.ts";

const PUSH_FLAGS = {
  purge: {
    kind: "switch",
    aliases: ["p", "rm"],
    help: "remove the list from the store afterwards",
  },
  all: { kind: "switch", help: "for podman's sake: a list is pushed with all of its images" },
  ...WORK_FLAGS,
  ...FORM_FLAGS,
  digestfile: { kind: "text", value: "FILE", help: "write the list's digest to it" },
  "remove-signatures": { kind: "switch", help: "for podman's sake: signatures do not go with it" },
  ...CREDENTIAL_FLAGS,
  ...INSECURE_FLAG,
} as const satisfies FlagTable;

export const push = defineCommand({
  usage: ["[FLAGS] LIST [NAME[:TAG]]"],
  about: "Puts a manifest list into a registry, with all of its images. Prints its digest.",
  flags: PUSH_FLAGS,
  refused: async () => (await import("../refused-flags.ts")).REFUSED_PUSH_FLAGS,
  args: { min: 1, max: 2 },
  completes: "image",
  examples: ["ocicat manifest push app:1.0 registry.example/app:1.0"],
  act: pushCommand,
  failureCode: workFailureCode,
});

async function pushCommand(flags: FlagsOf<typeof PUSH_FLAGS>): Promise<number> {
  const [list = "", target] = flags.args;
  const { descriptor } = await withProgress(flags, async (work) => {
    const request = { ...work, ...insecureAccess(flags), target, form: pushForm(flags) };
    const pushed = await pushManifestList(list, request);
    if (flags.switch("purge")) {
      await removeManifestLists([list], work);
    }
    return pushed;
  });
  writeIdFile(flags.text("digestfile"), descriptor.digest);
  writeOutput(`${descriptor.digest}\n`);
  return 0;
}
