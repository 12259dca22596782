// Makes one file of a program that tests start over and over: from the sources its start would cost more than
// what is tested.

import { copyFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DIST } from "../../tools/repository.ts";

/** `name`: a file of this folder, without its ending. Returns the path of the program, in `folder`. */
export async function bundleProgram(name: string, folder: string): Promise<string> {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, `${name}.ts`)],
    target: "bun",
    outdir: folder,
    splitting: true,
  });
  if (!built.success) {
    throw new Error(String(built.logs));
  }
  copyFileSync(DIST.entry, join(folder, basename(DIST.entry)));
  return join(folder, `${name}.js`);
}
