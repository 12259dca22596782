// Which test files there are, and which of them may run beside others.

import { Glob } from "bun";
import { REPOSITORY } from "../repository.ts";

/** Lanes of their own: they run the files below these folders themselves. */
const OTHER_LANES = ["test/peers/", "test/vm/"];

/** These make containers: one at a time, so that each can tell what it left behind. */
const ALONE = ["test/e2e/", "test/hostile/"];

export interface TestFiles {
  /** Independent of each other and of the machine's state. */
  readonly together: readonly string[];
  readonly alone: readonly string[];
}

export function listTestFiles(repository = REPOSITORY): TestFiles {
  const all = [...new Glob("{src,tools,test,examples}/**/*.test.ts").scanSync({ cwd: repository })];
  return arrangeTestFiles(all);
}

export function arrangeTestFiles(paths: readonly string[]): TestFiles {
  const own = paths.filter((path) => !startsWithAny(path, OTHER_LANES)).sort();
  return {
    together: own.filter((path) => !startsWithAny(path, ALONE)),
    alone: own.filter((path) => startsWithAny(path, ALONE)),
  };
}

function startsWithAny(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}
