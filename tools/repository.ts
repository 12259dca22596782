// Where the checkout is and what a build makes in it. Every tool takes its paths from here.

import { existsSync } from "node:fs";
import { join } from "node:path";

export const REPOSITORY = join(import.meta.dir, "..");

/** What `npm run build` makes. */
export const DIST = {
  folder: join(REPOSITORY, "dist"),
  /** The compiled program, that the launcher executes. */
  program: join(REPOSITORY, "dist/ocicat.bin"),
  /** The short commands, in a program of their own, that the launcher executes for them. */
  quick: join(REPOSITORY, "dist/ocicat.quick"),
  quickFolder: join(REPOSITORY, "dist/quick"),
  quickMetafile: join(REPOSITORY, "dist/quick/metafile.json"),
  /** The launcher, under each name that the program answers to. */
  launchers: [join(REPOSITORY, "dist/ocicat"), join(REPOSITORY, "dist/ocicat-runtime")],
  /** What the program loads: its system calls. */
  entry: join(REPOSITORY, "dist/entry.node"),
  stage: join(REPOSITORY, "dist/stage"),
  metafile: join(REPOSITORY, "dist/metafile.json"),
  /** Holds the hash of a finished build's inputs; its time says when that build began. */
  stamp: join(REPOSITORY, "dist/stamp"),
  nativeStamp: join(REPOSITORY, "dist/native.stamp"),
} as const;

/** Without the sources of its engine there is no quick program. */
export function hasQuickProgram(): boolean {
  return existsSync(DIST.quick);
}

/** What has to be in one folder to be executed there; the launchers are the last. */
export function programFiles(): readonly string[] {
  const quick = hasQuickProgram() ? [DIST.quick] : [];
  return [DIST.program, ...quick, DIST.entry, ...DIST.launchers];
}

/** The stage as a TypeScript module: made by tools/native.ts, not committed. */
export const STAGE_MODULE = join(REPOSITORY, "src/stage/gen/stage-binary.ts");

/** The flags that keep Bun on sources from obeying the working directory (bin/launch.sh has them too). */
export const BUN_FLAGS = [
  `--config=${join(REPOSITORY, "bunfig.toml")}`,
  "--no-env-file",
  `--tsconfig-override=${join(REPOSITORY, "tsconfig.json")}`,
];
