// The version of the running kernel. Distributions bring features back into older ones: a version can spare a
// vain attempt, and an attempt is what tells.

import { call } from "./call.ts";
import { addressOf } from "./entry.ts";
import { bytes, decodeText } from "./memory.ts";

/** struct utsname: six names of 65 bytes, the third is the release. */
const NAME_BYTES = 65;
const NAMES = 6;
const RELEASE_AT = 2 * NAME_BYTES;

/** "6.1.0-57-cloud-amd64". */
function kernelRelease(): string {
  const names = bytes(NAMES * NAME_BYTES);
  call("uname", addressOf(names));
  const release = names.subarray(RELEASE_AT, RELEASE_AT + NAME_BYTES);
  return decodeText(release.subarray(0, release.indexOf(0)));
}

/** Of an overlay, by "lowerdir+". A kernel that doesn't says so in its log. */
export function takesLayersOneByOne(): boolean {
  return kernelIsAtLeast(6, 8);
}

export function kernelIsAtLeast(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = kernelRelease()
    .split(".")
    .map((part) => Number.parseInt(part, 10));
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
