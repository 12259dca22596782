// The library is what the command line is made of: whatever operation a command calls of the engine, a program
// that embeds it can call too.

import { expect, test } from "bun:test";
import { Glob } from "bun";
import * as library from "./engine.ts";

const COMMANDS = `${import.meta.dir}/../cli`;
const IMPORT = /import \{([^}]*)\} from "(?:\.\.\/)+engine\/[\w/-]+\.ts"/g;
const LATER = /const \{([^}]*)\} = await import\(\s*"(?:\.\.\/)+engine\/[\w/-]+\.ts"/g;

/** What is no operation of anybody's. */
const STAYS_INSIDE: readonly string[] = [
  // Commands that holders, the supervisor and the program itself execute.
  ...[
    "actOwnersTask",
    "askAs",
    "containerEnded",
    "execEnded",
    "foldEvents",
    "REFUSED",
    "supervise",
  ],
  // How words are read, and what the command line shows of the library's answers.
  ...[
    "checkMemory",
    "checkVolumeName",
    "cleanPlace",
    "comparableKey",
    "DEFAULT_SECURITY",
    "DEFAULT_SHARED",
    "executionFailureCode",
    "FOREVER_MS",
    "foundInit",
    "hostPlatform",
    "withoutSlash",
  ],
  ...["isRestarting", "KUBE_BYTES_LIMIT", "labelsOf", "listNames", "mountPlaces", "namespaceName"],
  ...["podCgroupPath", "podHostname", "PROBE_KINDS", "progressSetting", "readSurroundings"],
  ...["runCapabilities", "SECRET_BYTES_LIMIT", "stateWord", "ulimitType"],
  // Parts of operations that are exported, for many containers at once.
  ...[
    "findPod",
    "isLive",
    "killForRemoval",
    "neededFirst",
    "removeNamed",
    "settleEnded",
    "stopToRestart",
    "withDependents",
  ],
];

/** Types are seen by the compiler alone. */
function valuesImportedBy(source: string): string[] {
  const lists = [IMPORT, LATER].flatMap((pattern) => [...source.matchAll(pattern)]);
  return lists
    .flatMap(([, list = ""]) => list.split(","))
    .map((word) => word.trim())
    .filter((word) => word !== "" && !word.startsWith("type "))
    .map((word) => word.split(/ as |:/)[0] ?? "");
}

test("every operation of the engine that a command calls is exported", async () => {
  const files = [...new Glob("**/*.ts").scanSync(COMMANDS)].filter(
    (name) => !name.includes(".test."),
  );
  const texts = await Promise.all(files.map((name) => Bun.file(`${COMMANDS}/${name}`).text()));
  const called = new Set(texts.flatMap(valuesImportedBy));
  expect(called.size).toBeGreaterThan(100);
  const exported: readonly string[] = Object.keys(library);
  const missing = [...called].filter((name) => !exported.includes(name));
  expect(missing.toSorted()).toEqual(STAYS_INSIDE.toSorted());
});
