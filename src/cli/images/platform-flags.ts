// --platform, and podman's flags for its parts.

import { hostPlatform } from "../../engine/host-platform.ts";
import { badValue } from "../run/bad-value.ts";

export const PLATFORM_PART_FLAGS = {
  arch: { kind: "text", value: "ARCH", help: "the image for another processor than this" },
  os: { kind: "text", value: "OS", help: "the image for another system than linux" },
  variant: { kind: "text", value: "VARIANT", help: "the image for this variant of the processor" },
} as const;

interface PlatformFlags {
  text(name: "platform" | keyof typeof PLATFORM_PART_FLAGS): string | undefined;
}

/** "linux/arm64/v8"; undefined: they say nothing. */
export function chosenPlatform(flags: PlatformFlags): string | undefined {
  const platform = flags.text("platform");
  const parts = platformParts(flags);
  if (platform !== undefined && parts !== undefined) {
    throw badValue("platform", platform, "it does not go with --os, --arch and --variant");
  }
  return platform ?? parts;
}

function platformParts(flags: PlatformFlags): string | undefined {
  const [os, arch, variant] = [flags.text("os"), flags.text("arch"), flags.text("variant")];
  if (os === undefined && arch === undefined && variant === undefined) {
    return undefined;
  }
  const own = hostPlatform();
  return [os ?? own.os, arch ?? own.architecture, ...(variant === undefined ? [] : [variant])].join(
    "/",
  );
}
