// The files that the rules look at.

import { Glob } from "bun";
import { REPOSITORY } from "../repository.ts";

export interface SourceFile {
  /** Below the repository. */
  readonly path: string;
  readonly text: string;
}

/**
 * Every file that matches one of the globs, but for what tools and builds made. Throws for a glob that
 * matches nothing: a rule that looks at no file is broken by none.
 */
export async function readSources(...globs: readonly string[]): Promise<SourceFile[]> {
  const paths = globs.flatMap(pathsOf);
  const sources = [...new Set(paths)].filter((path) => !isMade(path)).sort();
  return Promise.all(
    sources.map(async (path) => ({ path, text: await Bun.file(`${REPOSITORY}/${path}`).text() })),
  );
}

function pathsOf(glob: string): readonly string[] {
  const paths = [...new Glob(glob).scanSync({ cwd: REPOSITORY, dot: true })];
  if (paths.length === 0) {
    throw new Error(`no file matches ${glob}`);
  }
  return paths;
}

function isMade(path: string): boolean {
  return /^(?:dist|node_modules|\.git)\//.test(path) || path.startsWith("src/stage/gen/");
}

/** Calls `look` for each line and collects what it says, as `path:line: problem`. */
export function checkLines(
  source: SourceFile,
  look: (line: string) => string | undefined,
): string[] {
  return source.text.split("\n").flatMap((line, index) => {
    const problem = look(line);
    return problem === undefined ? [] : [`${source.path}:${index + 1}: ${problem}`];
  });
}
