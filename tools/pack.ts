// `npm run pack [-- FOLDER]`: the package for programs that embed ocicat, FOLDER/ocicat-VERSION.tgz
// (dist/ by itself), which `npm install` and `bun add` take.
//
//   src/              what runs: Bun executes the sources, with the stage as they have it
//   dist/entry.node   their system calls
//   dist/types/       declarations of the same, so that no settings of a program's compiler reach our sources
//
// package.json says what else is in it.

import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { buildNative } from "./native.ts";
import { captureCommand, runTool } from "./processes.ts";
import { DIST } from "./repository.ts";

const TYPES = join(DIST.folder, "types");
/** Of the repository; what runs beside it gets declarations anew. */
const DECLARATIONS = "tools/types/tsconfig.json";

/** Returns the path of the package. */
export async function pack(folder: string): Promise<string> {
  await buildNative();
  await rm(TYPES, { recursive: true, force: true });
  await captureCommand(["node_modules/.bin/tsc", "-p", DECLARATIONS]);
  await mkdir(folder, { recursive: true });
  const name = await captureCommand(["npm", "pack", "--silent", "--pack-destination", folder]);
  return join(folder, name.trim());
}

if (import.meta.main) {
  await runTool(async () => {
    const [folder = DIST.folder, ...rest] = process.argv.slice(2);
    if (rest.length > 0) {
      console.error("usage: npm run pack [-- FOLDER]");
      process.exitCode = 2;
      return;
    }
    console.log(await pack(resolve(folder)));
  });
}
