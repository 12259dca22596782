// `npm run build`: native programs, then ONE compiled executable for every name.
//
//   dist/ocicat, dist/ocicat-runtime   the launcher, which executes
//   dist/ocicat.bin                    the compiled program
//   dist/ocicat.quick              the same for short commands, in another engine (quick.ts)
//   dist/entry.node                    its system calls, which it loads from beside itself
//   dist/stage                         the stage alone; the program carries a copy of it
//   dist/metafile.json                 what went into each chunk, for tools/tidy.ts
//   dist/stamp                         the hash of all inputs
//
// bin/ocicat compares times instead of hashes: the stamp's time is that of the build's begin, so a
// source written since is newer. A folder counts too, which catches deletions.

import { mkdir, rename, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { bundleProgram } from "./bundle.ts";
import { hashInputs, readStamp } from "./input-hash.ts";
import { buildNative } from "./native.ts";
import { runTool } from "./processes.ts";
import { buildQuick, engineHash } from "./quick.ts";
import { DIST, STAGE_MODULE } from "./repository.ts";

/** Builds what is not current. */
export async function build(): Promise<void> {
  await mkdir(dirname(STAGE_MODULE), { recursive: true });
  const begin = new Date();
  const nativeHash = await buildNative();
  const engine = await engineHash();
  const hash = await programHash(nativeHash, engine);
  if (!(await isCurrent(hash, engine !== undefined))) {
    await compileProgram();
    await buildQuick(engine);
  }
  await writeStamp(hash, begin);
}

function programHash(nativeHash: string, engine: string | undefined): Promise<string> {
  return hashInputs({
    globs: [
      "src/**/*.{ts,tsx,json,txt,html,css}",
      "package-lock.json",
      "tools/{build,bundle,quick,quick-bundle}.ts",
    ],
    isExcluded: (path) => path.endsWith(".test.ts"),
    facts: [nativeHash, engine ?? "no quick program", Bun.version, Bun.revision],
  });
}

async function isCurrent(hash: string, hasQuick: boolean): Promise<boolean> {
  const quick = hasQuick ? [DIST.quick, DIST.quickMetafile] : [];
  const outputs = [DIST.program, DIST.metafile, ...quick];
  const found = await Promise.all(outputs.map((path) => Bun.file(path).exists()));
  return !found.includes(false) && (await readStamp(DIST.stamp)) === hash;
}

/** Replaces the program in one step: a process that runs the old one keeps it. */
async function compileProgram(): Promise<void> {
  await mkdir(DIST.folder, { recursive: true });
  const temporary = join(DIST.folder, `${basename(DIST.program)}.${process.pid}`);
  await bundleProgram({ outfile: temporary, metafile: DIST.metafile });
  await rename(temporary, DIST.program);
}

async function writeStamp(hash: string, begin: Date): Promise<void> {
  const temporary = `${DIST.stamp}.${process.pid}`;
  await Bun.write(temporary, `${hash}\n`);
  await utimes(temporary, begin, begin);
  await rename(temporary, DIST.stamp);
}

if (import.meta.main) {
  await runTool(build);
}
