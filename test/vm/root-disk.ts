// The numbers of the guest's root disk, as a device that limits and rules can name.

import { statSync } from "node:fs";

/** From stat's st_dev, as makedev(3) packs it. */
function numbersOf(path: string): { major: number; minor: number } {
  const device = statSync(path).dev;
  return { major: (device >> 8) & 0xfff, minor: (device & 0xff) | ((device >> 12) & 0xfff00) };
}

export const ROOT_DISK = numbersOf("/");
