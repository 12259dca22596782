// Runs `npm ci` when node_modules is missing or differs from package-lock.json.
//
// npm writes node_modules/.package-lock.json as the last act of an installation, so that file tells
// what is there; an interrupted installation has none.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError, say } from "./report.mjs";

/**
 * What a lockfile says of each package, by its path below the repository.
 *
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} Package
 * @typedef {Readonly<Record<string, Package>>} Packages
 */

/** @param {string} repository */
export function installDependencies(repository) {
  const wanted = readPackages(join(repository, "package-lock.json"));
  if (wanted === undefined) {
    throw new SetupError(`read "package-lock.json": it is missing or not JSON`);
  }
  const installed = readPackages(join(repository, "node_modules/.package-lock.json"));
  const difference = firstDifference(wanted, installed, (path) =>
    existsSync(join(repository, path, "package.json")),
  );
  if (difference === undefined) {
    return;
  }
  say(`${difference}: running npm ci`);
  runNpmCi(repository);
}

/**
 * Throws node_modules away and installs it again.
 *
 * @param {string} repository
 */
export function runNpmCi(repository) {
  const result = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--include=dev"], {
    cwd: repository,
    stdio: ["ignore", process.stderr, process.stderr],
  });
  if (result.error !== undefined) {
    throw new SetupError(`run "npm ci": ${result.error.message}; install npm`);
  }
  if (result.status !== 0) {
    throw new SetupError(`run "npm ci": exit status ${result.status}`);
  }
}

/**
 * @param {string} path
 * @returns {Packages | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/**
 * The first thing that makes `installed` another set than `wanted`, as text. Packages for other
 * systems are in the lock but rightly not in node_modules.
 *
 * @param {Packages} wanted
 * @param {Packages | undefined} installed
 * @param {(path: string) => boolean} isThere
 * @returns {string | undefined}
 */
export function firstDifference(wanted, installed, isThere) {
  if (installed === undefined) {
    return "node_modules is missing or incomplete";
  }
  for (const [path, lock] of Object.entries(wanted)) {
    if (path === "") {
      continue;
    }
    const found = installed[path];
    if (found === undefined && lock.optional === true) {
      continue;
    }
    if (found?.version !== lock.version || found?.integrity !== lock.integrity) {
      return `"${path}" is not at ${lock.version}`;
    }
    if (!isThere(path)) {
      return `"${path}" has been deleted`;
    }
  }
  const superfluous = Object.keys(installed).find((path) => wanted[path] === undefined);
  return superfluous === undefined ? undefined : `"${superfluous}" is not in package-lock.json`;
}
