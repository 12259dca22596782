// Documents promise commands and name files: those that the repository can tell about have to exist.

import { checkLines, type SourceFile } from "./source-file.ts";

const NPM_RUN = /\bnpm run ([a-z][\w:-]*)/g;

export function checkDocument(source: SourceFile, scripts: readonly string[]): string[] {
  return checkLines(source, (line) => {
    const named = [...line.matchAll(NPM_RUN)].map((match) => match[1] ?? "");
    const unknown = named.find((name) => !scripts.includes(name));
    return unknown === undefined ? undefined : `package.json has no script "${unknown}"`;
  });
}

const FILE = /(?<![\w./-])(?:src|native|tools|test)\/[\w./-]+\.(?:ts|c|h|md|txt)\b/g;
/** Stands for any name. */
const PLACEHOLDER = "NAME";

export function checkNamedFiles(source: SourceFile, exists: (path: string) => boolean): string[] {
  return checkLines(source, (line) => {
    const paths = [...line.matchAll(FILE)].map(([path]) => path);
    const gone = paths.find((path) => !(path.includes(PLACEHOLDER) || exists(path)));
    return gone === undefined ? undefined : `there is no "${gone}"`;
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
