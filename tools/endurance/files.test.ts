import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../repository.ts";
import { listTestFiles } from "../testing/test-files.ts";
import { FILES, NUMBERS } from "./files.ts";

const SOURCE = "test/hostile/kills.ts";

const textOf = (path: string): string => readFileSync(join(REPOSITORY, path), "utf8");

/** The constants of kills.ts that a variable of the lane says, each with its variable. */
function numbers(): ReadonlyMap<string, string> {
  const lines = textOf(SOURCE).matchAll(/^export const (\w+) = Number\(process\.env\["(\w+)"\]/gm);
  return new Map([...lines].map(([, name = "", variable = ""]) => [name, variable]));
}

test("the lane says all numbers, and has all files that read any", () => {
  const known = numbers();
  expect([...known.values()].toSorted()).toEqual(Object.keys(NUMBERS).toSorted());
  const readers = listTestFiles().filter((path) => {
    const [, names = ""] =
      /^import \{([^}]*)\} from "[./a-z]*\/kills\.ts";$/m.exec(textOf(path)) ?? [];
    return names.split(",").some((name) => known.has(name.trim()));
  });
  expect([...FILES].toSorted()).toEqual(readers.toSorted());
});
