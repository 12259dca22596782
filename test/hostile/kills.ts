// How much the tests that kill are to do, and what the kernel tells of it. The numbers are small by
// themselves, and those that count in `npm run test:endurance`.

import { release } from "node:os";

/** Of commands on containers, holders and supervisors, in each file. */
export const KILLS = Number(process.env["OCICAT_TEST_KILLS"] ?? "24");
/** Of pull, load and rmi, in each file. */
export const IMAGE_KILLS = Number(process.env["OCICAT_TEST_IMAGE_KILLS"] ?? "24");
/** Of the ops and system calls at which a runtime is killed: 1 for each of them. */
export const OP_STEP = Number(process.env["OCICAT_TEST_OP_STEP"] ?? "4");
export const CONTAINERS = Number(process.env["OCICAT_TEST_CONTAINERS"] ?? "60");

/** Of `kills`, for one of several parts that share them. */
export function shareOf(kills: number, parts: number): number {
  return Math.ceil(kills / parts);
}

const [kernelMajor = 0, kernelMinor = 0] = release().split(".").map(Number);
/** Linux 6.15 and later: a holder that is not the first can learn how a process ended. */
export const TELLS_ENDS = kernelMajor * 1000 + kernelMinor >= 6015;

/** For a test that kills so often: no more than a limit for one that stands still. */
export function patienceMs(kills: number): number {
  return Math.max(120_000, kills * 10_000);
}
