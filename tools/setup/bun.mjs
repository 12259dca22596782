// Finds the Bun that npm brought, and links it as node_modules/.ocicat/bun, where bin/ocicat and
// PATH find it.
//
// The package's install script MOVES the program from @oven/bun-*/bin/bun to bun/bin/bun.exe. Where
// npm runs no install scripts it stays in @oven, and bun/bin/bun.exe is an executable stub that
// fails: only running a candidate tells whether it is Bun.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { runNpmCi } from "./dependencies.mjs";
import { SetupError, say } from "./report.mjs";

/**
 * Returns the path of a Bun of the locked version.
 *
 * @param {string} repository
 * @returns {string}
 */
export function installBun(repository) {
  const version = lockedVersion(repository);
  const found = findBun(repository, version);
  if (found !== undefined) {
    return linkBun(repository, found);
  }
  say(`no Bun ${version} in node_modules: running npm ci`);
  runNpmCi(repository);
  const installed = findBun(repository, version);
  if (installed === undefined) {
    throw new SetupError(
      `find Bun ${version}: npm installed no program that runs on this machine (${process.arch})`,
    );
  }
  return linkBun(repository, installed);
}

/**
 * @param {string} repository
 * @returns {string}
 */
function lockedVersion(repository) {
  const lock = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8"));
  return lock.packages["node_modules/bun"].version;
}

/**
 * @param {string} repository
 * @param {string} version
 */
function findBun(repository, version) {
  return candidates(join(repository, "node_modules")).find((path) => isBun(path, version));
}

/** @param {string} modules */
function candidates(modules) {
  const platforms = listFolder(join(modules, "@oven"));
  return [
    join(modules, ".ocicat/bun"),
    join(modules, "bun/bin/bun.exe"),
    ...platforms.map((name) => join(modules, "@oven", name, "bin/bun")),
  ];
}

/** @param {string} path */
function listFolder(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/**
 * @param {string} path
 * @param {string} version
 */
export function isBun(path, version) {
  const result = spawnSync(path, ["--version"], { encoding: "utf8" });
  return result.status === 0 && result.stdout.trim() === version;
}

/**
 * @param {string} repository
 * @param {string} path
 */
function linkBun(repository, path) {
  const folder = join(repository, "node_modules/.ocicat");
  const link = join(folder, "bun");
  if (path === link) {
    return link;
  }
  mkdirSync(folder, { recursive: true });
  const temporary = `${link}.${process.pid}`;
  symlinkSync(relative(folder, path), temporary);
  renameSync(temporary, link);
  return link;
}

/**
 * The flags that keep Bun from obeying the working directory: tools/repository.ts has them too.
 *
 * @param {string} repository
 */
export function bunCommand(repository) {
  return [
    `--config=${join(repository, "bunfig.toml")}`,
    "--no-env-file",
    `--tsconfig-override=${join(repository, "tsconfig.json")}`,
  ];
}
