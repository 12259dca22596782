// The library is what the OCI command line is made of: whatever that calls of the runtime, a program that
// embeds it can call too.

import { expect, test } from "bun:test";
import { Glob } from "bun";
import * as library from "./runtime.ts";

const COMMANDS = `${import.meta.dir}/../cli/oci`;
const IMPORT = /import \{([^}]*)\} from "\.\.\/\.\.\/(?:runtime|cgroup)\/[\w-]+\.ts"/g;
/** Facts of the host, which `spec` asks for; `create` finds them out by itself. */
const ABOUT_THE_HOST = ["detectCgroupHost"];

/** Types are seen by the compiler alone. */
function valuesImportedBy(source: string): string[] {
  const lists = [...source.matchAll(IMPORT)].map((match) => match[1] ?? "");
  return lists
    .flatMap((list) => list.split(","))
    .map((word) => word.trim())
    .filter((word) => word !== "" && !word.startsWith("type "))
    .map((word) => word.split(" as ")[0] ?? "");
}

test("every function of the runtime that the command line calls is exported", async () => {
  const files = [...new Glob("*.ts").scanSync(COMMANDS)].filter((name) => !name.includes(".test."));
  const texts = await Promise.all(files.map((name) => Bun.file(`${COMMANDS}/${name}`).text()));
  const called = new Set(texts.flatMap(valuesImportedBy));
  expect(called.size).toBeGreaterThan(20);
  const exported: readonly string[] = Object.keys(library);
  const missing = [...called].filter((name) => !exported.includes(name));
  expect(missing).toEqual(ABOUT_THE_HOST);
});
