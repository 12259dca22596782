// Documents promise commands; the ones that package.json can tell about have to exist.

import { checkLines, type SourceFile } from "./source-file.ts";

const NPM_RUN = /\bnpm run ([a-z][\w:-]*)/g;

export function checkDocument(source: SourceFile, scripts: readonly string[]): string[] {
  return checkLines(source, (line) => {
    const named = [...line.matchAll(NPM_RUN)].map((match) => match[1] ?? "");
    const unknown = named.find((name) => !scripts.includes(name));
    return unknown === undefined ? undefined : `package.json has no script "${unknown}"`;
  });
}

/** npm runs these by itself, on `npm ci` in any project that depends on this one. */
const RUN_BY_NPM = ["preinstall", "install", "postinstall", "prepare", "prepublish"];

export function checkScripts(scripts: readonly string[]): string[] {
  return scripts
    .filter((name) => RUN_BY_NPM.includes(name))
    .map((name) => `package.json: npm would run the script "${name}" by itself`);
}

/** Where the lockfile says that a package comes from must hold for everyone. */
export function checkLockfile(lockfile: string): string[] {
  const resolved = [...lockfile.matchAll(/"resolved": "([^"]*)"/g)].map((match) => match[1] ?? "");
  return resolved
    .filter((url) => !url.startsWith("https://registry.npmjs.org/"))
    .map((url) => `package-lock.json: a package comes from ${url}`);
}
