// pull, image pull: images from registries, with docker's last lines.

import { pullImages } from "../../engine/images/pull-images.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { writeWarning } from "../terminal/write-warning.ts";
import { writeOutput } from "../write-text.ts";
import { PLATFORM_FLAG } from "./image-flags.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";
import { chosenPlatform, PLATFORM_PART_FLAGS } from "./platform-flags.ts";
import { CREDENTIAL_FLAGS, registryAccess } from "./registry-flags.ts";
import { checkTrust, TRUST_FLAG } from "./trust-flag.ts";

const PULL_FLAGS = {
  "all-tags": { kind: "switch", aliases: ["a"], help: "every tag of the repository" },
  "all-platforms": { kind: "switch", help: "all that there is for other machines too" },
  referrers: { kind: "switch", help: "also what refers to the images: signatures, lists of parts" },
  ...PLATFORM_FLAG,
  ...PLATFORM_PART_FLAGS,
  ...TRUST_FLAG,
  ...WORK_FLAGS,
  ...CREDENTIAL_FLAGS,
} as const satisfies FlagTable;

export const pull = defineCommand({
  usage: ["[FLAGS] NAME[:TAG|@DIGEST]..."],
  about: `Gets images from registries into the store. A name without a registry means the one that the
setting image.default-registry says, docker.io; one without a tag means latest.`,
  notes: "What an interrupted pull has got is used by the next one.",
  flags: PULL_FLAGS,
  refused: async () => (await import("./refused-flags.ts")).REFUSED_REGISTRY_FLAGS,
  args: { min: 1 },
  examples: [
    "ocicat pull debian:12",
    "ocicat pull --platform linux/arm64 quay.io/team/app:1.0",
    "ocicat pull --progress plain localhost:5000/app@sha256:0123...",
  ],
  act: pullCommand,
  failureCode: workFailureCode,
});

type PullFlags = FlagsOf<typeof PULL_FLAGS>;

async function pullCommand(flags: PullFlags): Promise<number> {
  checkTrust(flags);
  const quiet = flags.switch("quiet");
  const platform = chosenPlatform(flags);
  for (const name of flags.args) {
    const results = await withProgress(flags, (work) =>
      pullImages(name, {
        ...work,
        ...registryAccess(flags),
        platform,
        allTags: flags.switch("all-tags"),
        allPlatforms: flags.switch("all-platforms"),
        referrers: flags.switch("referrers"),
      }),
    );
    for (const { name: pulled, descriptor, status, notes, referrers } of results) {
      for (const note of notes) {
        writeWarning(note);
      }
      const told = status === "updated" ? "Downloaded newer image for" : "Image is up to date for";
      const digests = [descriptor, ...referrers].map(({ digest }) => digest);
      const [own, ...others] = digests;
      const listed = others.map((digest) => `Referrer: ${digest}\n`).join("");
      const details = `Digest: ${own}\n${listed}Status: ${told} ${pulled}\n`;
      writeOutput(`${quiet ? "" : details}${pulled}\n`);
    }
  }
  return 0;
}
