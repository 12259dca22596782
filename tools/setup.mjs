// The way into every npm script: makes a checkout ready to work in, then runs Bun on the arguments.
//
//   node tools/setup.mjs [--for-tests] [FILE.ts ARGUMENTS...]
//
// It needs nothing but Node: a fresh clone has no node_modules. Each step looks before it acts, so
// that a checkout which is ready costs a few milliseconds.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bunCommand, installBun } from "./setup/bun.mjs";
import { installDependencies } from "./setup/dependencies.mjs";
import { installQuickjs } from "./setup/quickjs.mjs";
import { SetupError, say } from "./setup/report.mjs";
import { installSystemPackages } from "./setup/system-packages.mjs";

/** Bun on the sources needs them; a build renews them (tools/native.ts). */
const NATIVE_FILES = ["src/stage/gen/stage-binary.ts", "dist/entry.node"];
const REPOSITORY = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** @param {readonly string[]} argv */
async function main(argv) {
  const forTests = argv[0] === "--for-tests";
  const bunArguments = forTests ? argv.slice(1) : argv;
  refuseOtherSystems();
  installDependencies(REPOSITORY);
  const bun = installBun(REPOSITORY);
  installSystemPackages(forTests);
  await installQuickjs(REPOSITORY);
  const hasNative = NATIVE_FILES.every((path) => existsSync(join(REPOSITORY, path)));
  if (bunArguments.length === 0 || !hasNative) {
    const status = run(bun, [join(REPOSITORY, "tools/native.ts")], process.stderr);
    if (status !== 0 || bunArguments.length === 0) {
      say(status === 0 ? "ready" : "the native programs could not be built");
      return status;
    }
  }
  return run(bun, bunArguments, process.stdout);
}

function refuseOtherSystems() {
  if (process.platform !== "linux") {
    throw new SetupError(`ocicat needs Linux; this is ${process.platform}`);
  }
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) {
    throw new SetupError(`the set-up needs Node 20 or newer; this is ${process.version}`);
  }
}

/**
 * @param {string} bun
 * @param {readonly string[]} bunArguments
 * @param {NodeJS.WriteStream} stdout
 */
function run(bun, bunArguments, stdout) {
  const result = spawnSync(bun, [...bunCommand(REPOSITORY), ...bunArguments], {
    stdio: ["inherit", stdout, "inherit"],
  });
  if (result.signal !== null) {
    return 128 + constants.signals[result.signal];
  }
  return result.status ?? 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) {
    throw error;
  }
  say(error.message);
  process.exitCode = 1;
}
