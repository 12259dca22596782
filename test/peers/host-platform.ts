// The platform of images that this machine runs.

import type { Platform } from "../../src/oci/platform.ts";

export function hostPlatform(): Platform {
  return { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
}
