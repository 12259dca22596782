// The platform of this machine, as images have it.

import type { Platform } from "../oci/platform.ts";
import { hostArchitecture } from "../sys/entry.ts";

export function hostPlatform(): Platform {
  const architecture = hostArchitecture.name === "aarch64" ? "arm64" : "amd64";
  return { os: "linux", architecture };
}
