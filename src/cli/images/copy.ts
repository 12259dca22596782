// copy, image copy: an image from one registry to another.

import { copyBetweenRegistries } from "../../engine/images/copy-image.ts";
import type { RegistryAccess } from "../../engine/images/transfer-options.ts";
import { defineCommand } from "../command.ts";
import type { FlagsOf, FlagTable } from "../flags.ts";
import { workFailureCode } from "../interruptible.ts";
import { writeOutput } from "../write-text.ts";
import { PLATFORM_FLAG } from "./image-flags.ts";
import { WORK_FLAGS, withProgress } from "./image-work.ts";
import { authFile, credentialOf, FOREIGN_LAYERS_FLAG } from "./registry-flags.ts";

const COPY_FLAGS = {
  referrers: { kind: "switch", help: "also what refers to it: signatures, lists of parts" },
  "src-creds": { kind: "text", value: "USER:PASSWORD", help: "for the source's registry" },
  "dest-creds": { kind: "text", value: "USER:PASSWORD", help: "for the target's registry" },
  "src-tls-verify": { kind: "switch", help: "=false: do not check certificates of the source" },
  "dest-tls-verify": { kind: "switch", help: "=false: do not check certificates of the target" },
  authfile: { kind: "text", value: "FILE", help: "file of passwords, in place of the user's" },
  ...FOREIGN_LAYERS_FLAG,
  ...PLATFORM_FLAG,
  ...WORK_FLAGS,
} as const satisfies FlagTable;

export const copy = defineCommand({
  usage: ["[FLAGS] SOURCE[:TAG|@DIGEST] TARGET[:TAG]"],
  about: `Copies an image from a registry to a registry, byte for byte and for all platforms. Nothing of it
comes into the store; what the target has is not sent, and within one registry nothing is.`,
  flags: COPY_FLAGS,
  args: { min: 2, max: 2 },
  examples: [
    "ocicat copy debian:12 localhost:5000/debian:12",
    "ocicat copy --referrers quay.io/team/app:1.0 registry.example/app:1.0",
    "ocicat copy --platform linux/arm64 --dest-creds me:secret alpine registry.example/alpine",
  ],
  act: copyCommand,
  failureCode: workFailureCode,
});

type CopyFlags = FlagsOf<typeof COPY_FLAGS>;

async function copyCommand(flags: CopyFlags): Promise<number> {
  const [source = "", target = ""] = flags.args;
  const { name, descriptor } = await withProgress(flags, (work) =>
    copyBetweenRegistries(source, target, {
      ...work,
      platform: flags.text("platform"),
      referrers: flags.switch("referrers"),
      foreignLayers: flags.switch("allow-nondistributable-artifacts"),
      from: accessOf(flags, "src"),
      to: accessOf(flags, "dest"),
      authFile: authFile(flags.text("authfile")),
    }),
  );
  const { digest, size } = descriptor;
  writeOutput(flags.switch("quiet") ? `${name}\n` : `${name}: digest: ${digest} size: ${size}\n`);
  return 0;
}

function accessOf(flags: CopyFlags, end: "src" | "dest"): Omit<RegistryAccess, "authFile"> {
  const verify = `${end}-tls-verify` as const;
  const credentials = `${end}-creds` as const;
  return {
    tlsVerify: flags.isSet(verify) ? flags.switch(verify) : undefined,
    credential: credentialOf(flags.text(credentials), `--${credentials}`),
  };
}
