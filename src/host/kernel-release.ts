// The kernel's version.

import { readTextFileIfExists } from "../sys/file.ts";

/** From a release such as "6.1.0-18-cloud-amd64". */
export function kernelRelease(): { readonly major: number; readonly minor: number } {
  const release = readTextFileIfExists("/proc/sys/kernel/osrelease") ?? "";
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  return { major, minor };
}
