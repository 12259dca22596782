// What the launcher (native/launch.c) notes before Bun changes it, in the variable OCICAT_LAUNCH:
//
//   v2;nofile=1024:524288;closed=0,2;fds=3,4,more;cwd=kept
//
//   nofile   RLIMIT_NOFILE, soft and hard, decimal: Bun raises the soft one to the hard one
//   closed   which of the descriptors 0 to 2 were closed; they are the null device now
//   fds      open descriptors from 3 on, which Bun makes close-on-exec; "more": and others, unlisted
//   cwd      "lost:7": the working directory was deleted, and is descriptor 7; the process is in / instead
//
// An empty list is left out. A program that was started without the launcher has no such variable.

import { OcicatError, quote } from "../error/ocicat-error.ts";

export const LAUNCH_VARIABLE = "OCICAT_LAUNCH";

/**
 * The launcher's other variables, for Bun alone. Without the first a thread makes room for a heap that a
 * short command never has; the second spares it the compiler for what is executed ten thousand times.
 */
export const QUICK_START: Readonly<Record<string, string>> = {
  BUN_JSC_useWarmUpMarkedBlocks: "0",
  BUN_JSC_useJIT: "0",
};
/**
 * The heap asks for huge pages: that takes 18 MB more for as long as a command goes on, so that it is only
 * said to those that somebody waits for.
 */
const HUGE_PAGES_VARIABLE = "MIMALLOC_ALLOW_THP";
const LAUNCHER_VARIABLES = [LAUNCH_VARIABLE, ...Object.keys(QUICK_START), HUGE_PAGES_VARIABLE];

export interface LaunchNotes {
  readonly openFilesLimit: { readonly soft: number; readonly hard: number };
  readonly closedStandardFds: readonly number[];
  readonly inheritedFds: readonly number[];
  /** Whether inheritedFds has all of them. */
  readonly inheritedFdsAreComplete: boolean;
  /** A descriptor of the working directory, which was deleted: see returnToDirectory. */
  readonly lostDirectory: number | undefined;
}

/** Takes the launcher's variables out of an environment; undefined: there are no notes among them. */
export function takeLaunchNotes(
  environment: Record<string, string | undefined>,
): LaunchNotes | undefined {
  const text = environment[LAUNCH_VARIABLE];
  for (const name of LAUNCHER_VARIABLES) {
    delete environment[name];
  }
  return text === undefined ? undefined : parseLaunchNotes(text);
}

const NOTES =
  /^v2;nofile=(\d+):(\d+)(?:;closed=([0-2](?:,[0-2])*))?(?:;fds=(\d+(?:,\d+)*)(,more)?)?;cwd=(?:kept|lost:(\d+))$/;

export function parseLaunchNotes(text: string): LaunchNotes {
  const fields = NOTES.exec(text);
  if (fields === null) {
    throw new OcicatError("invalid-argument", {
      operation: "parse",
      subject: `${LAUNCH_VARIABLE}=${quote(text)}`,
      reason: "it is not what this version's launcher writes",
      hint: "unset it, or install the launcher and the program of one version",
    });
  }
  const [, soft, hard, closed, fds, more, directory] = fields;
  return {
    openFilesLimit: { soft: Number(soft), hard: Number(hard) },
    closedStandardFds: parseList(closed),
    inheritedFds: parseList(fds),
    inheritedFdsAreComplete: more === undefined,
    lostDirectory: directory === undefined ? undefined : Number(directory),
  };
}

function parseList(text: string | undefined): number[] {
  return text === undefined ? [] : text.split(",").map(Number);
}
