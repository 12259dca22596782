// Which test files `npm test` runs, and in which order.

import { Glob } from "bun";
import { REPOSITORY } from "../repository.ts";

/** Lanes of their own: they run the files below these folders themselves. */
const OTHER_LANES = ["test/peers/", "test/vm/"];

/** These make containers, and take the longest: first, so that none of them is left alone in the end. */
const LONG = ["test/e2e/", "test/hostile/"];

/** Independent of each other: each has folders of its own, and looks for what it left behind in those. */
export function listTestFiles(repository = REPOSITORY): string[] {
  const all = [...new Glob("{src,tools,test,examples}/**/*.test.ts").scanSync({ cwd: repository })];
  return arrangeTestFiles(all);
}

export function arrangeTestFiles(paths: readonly string[]): string[] {
  const own = paths.filter((path) => !startsWithAny(path, OTHER_LANES)).sort();
  const isLong = (path: string) => startsWithAny(path, LONG);
  return [...own.filter(isLong), ...own.filter((path) => !isLong(path))];
}

function startsWithAny(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}
