// C is what cannot be TypeScript, so there is little of it: limits that biome has for TypeScript.

import { checkLines, type SourceFile } from "./source-file.ts";

/** Lines of a file. One that is not named here has OTHER_LIMIT. */
const LINE_LIMITS: Readonly<Record<string, number>> = {
  "native/stage.c": 500,
  "native/holder.c": 700,
  "native/buffers.c": 20,
  "native/exit-record.c": 100,
  "native/log.c": 300,
  "native/oom-kills.c": 50,
  "native/oom-watch.c": 100,
  "native/launch.c": 100,
  "native/launch-notes.c": 90,
  "native/page-cache.c": 50,
  "native/entry.c": 120,
  "native/quick.c": 350,
  "native/arena.c": 180,
  "native/sha256.c": 80,
  "native/spawn.c": 20,
  "native/relay.c": 110,
  "native/signals.c": 50,
};
const OTHER_LIMIT = 300;
const WIDTH_LIMIT = 100;

export function checkCSource(source: SourceFile): string[] {
  const isGenerated = source.path.startsWith("native/gen/");
  const problems = checkLines(source, (line) =>
    line.length > WIDTH_LIMIT && !isGenerated
      ? `${line.length} columns, at most ${WIDTH_LIMIT}`
      : undefined,
  );
  const lines = source.text.trimEnd().split("\n").length;
  const limit = LINE_LIMITS[source.path] ?? OTHER_LIMIT;
  if (lines > limit && !isGenerated) {
    problems.push(`${source.path}: ${lines} lines, at most ${limit}`);
  }
  return problems;
}

/** No C beside the programs that the limits name. */
export function checkCFiles(paths: readonly string[]): string[] {
  return paths
    .filter((path) => path.endsWith(".c") && LINE_LIMITS[path] === undefined)
    .map((path) => `${path}: the only C programs are ${Object.keys(LINE_LIMITS).join(", ")}`);
}
