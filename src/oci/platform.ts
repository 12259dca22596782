// Platforms of images, in Go's names: "linux/arm64/v8". Source: image-spec image-index.md, section
// "Platform Variants"; which older variants a processor also runs is containerd's rule.

import { OcicatError, quote } from "../error/ocicat-error.ts";

export interface Platform {
  /** "amd64", "arm64". */
  readonly architecture: string;
  readonly os: string;
  /** "v7", where the architecture alone does not say. */
  readonly variant?: string;
  readonly "os.version"?: string;
  readonly "os.features"?: readonly string[];
}

/** Reads OS, ARCHITECTURE, OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT. Throws invalid-argument. */
export function parsePlatform(text: string, host: Platform): Platform {
  const parts = text.toLowerCase().split("/");
  const isSound = parts.length <= 3 && parts.every((part) => /^[a-z0-9][a-z0-9_.-]*$/.test(part));
  if (!isSound) {
    throw new OcicatError("invalid-argument", {
      operation: "parse",
      subject: `platform ${quote(text.slice(0, 200))}`,
      reason: "not of the form os/architecture/variant",
    });
  }
  const [first = "", architecture, variant] = parts;
  if (architecture !== undefined) {
    return normalize(first, architecture, variant);
  }
  return OPERATING_SYSTEMS.includes(first)
    ? normalize(first, host.architecture, host.variant)
    : normalize(host.os, first, undefined);
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return `${os}/${architecture}${variant === undefined ? "" : `/${variant}`}`;
}

/**
 * Which of `offered` a machine of platform `wanted` runs best: its index, or -1. An entry without a
 * platform fits when nothing else does.
 */
export function choosePlatform(
  wanted: Platform,
  offered: readonly (Platform | undefined)[],
): number {
  const normalized = offered.map((platform) =>
    platform === undefined
      ? undefined
      : formatPlatform(normalize(platform.os, platform.architecture, platform.variant)),
  );
  for (const acceptable of runnableBy(wanted)) {
    const index = normalized.indexOf(acceptable);
    if (index >= 0) {
      return index;
    }
  }
  return normalized.indexOf(undefined);
}

const OPERATING_SYSTEMS = ["linux", "windows", "darwin", "freebsd", "wasip1"];

/** Other names of an architecture, and the variants that go without saying. */
const ALIASES: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  i386: ["386"],
  aarch64: ["arm64"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
};

function normalize(os: string, architecture: string, variant: string | undefined): Platform {
  const name = architecture.toLowerCase();
  const [canonical, impliedVariant] = Object.hasOwn(ALIASES, name)
    ? (ALIASES[name] ?? [name])
    : [name];
  const written = variant ?? impliedVariant;
  const numbered = written !== undefined && /^\d/.test(written) ? `v${written}` : written;
  const known = canonicalVariant(canonical, numbered);
  const platform = { os: os.toLowerCase(), architecture: canonical };
  return known === undefined ? platform : { ...platform, variant: known };
}

function canonicalVariant(architecture: string, variant: string | undefined): string | undefined {
  switch (architecture) {
    case "arm":
      return variant ?? "v7";
    case "arm64":
      return variant === "v8" ? undefined : variant;
    case "amd64":
      return variant === "v1" ? undefined : variant;
    default:
      return variant;
  }
}

/** `wanted` itself first, then what the same processor also runs, in order of preference. */
function runnableBy(wanted: Platform): readonly string[] {
  const { os, architecture, variant } = normalize(wanted.os, wanted.architecture, wanted.variant);
  const itself = formatPlatform(normalize(os, architecture, variant));
  const older = (name: string, newest: number, oldest: number): string[] => {
    const platforms: string[] = [];
    for (let version = newest; version >= oldest; version -= 1) {
      platforms.push(formatPlatform(normalize(os, name, `v${version}`)));
    }
    return platforms;
  };
  const version = Number(variant?.slice(1) ?? Number.NaN);
  switch (architecture) {
    case "arm":
      return [itself, ...older("arm", version, 5)];
    case "arm64":
      return [itself, ...older("arm64", version || 8, 8), ...older("arm", 8, 5)];
    case "amd64":
      return [itself, ...older("amd64", version || 1, 1), `${os}/386`];
    default:
      return [itself];
  }
}
