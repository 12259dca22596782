// Fetches the sources of QuickJS-ng, the JavaScript engine of the quick program (native/quick.c), into
// node_modules/.ocicat. Debian 12 has no package of it and npm none of its sources; the Rust package that binds
// it brings them as they are published, at an address that stays and with a hash that we know.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SetupError, say } from "./report.mjs";

/** rquickjs-sys 0.14.0, MIT: QuickJS-ng 0.16, MIT. */
const PACKAGE = "rquickjs-sys-0.14.0";
const ADDRESS = `https://static.crates.io/crates/rquickjs-sys/${PACKAGE}.crate`;
const SHA256 = "cee271d0eeba64f0915b846cb7ae02e16faf3dfdffdca91731101d9d30fe3423";
const ATTEMPTS = 4;
const REST_MS = 2000;

/**
 * The folder that has quickjs.c.
 *
 * @param {string} repository
 */
export function quickjsFolder(repository) {
  return join(repository, "node_modules/.ocicat", PACKAGE, "quickjs");
}

/**
 * Without it there is no quick program, and the compiled one is all commands.
 *
 * @param {string} repository
 */
export async function installQuickjs(repository) {
  if (existsSync(join(quickjsFolder(repository), "quickjs.c"))) {
    return;
  }
  try {
    await fetchQuickjs(repository);
  } catch (error) {
    if (!(error instanceof SetupError)) {
      throw error;
    }
    say(`${error.message}. Short commands will take twice their time until it is there`);
  }
}

/** @param {string} repository */
async function fetchQuickjs(repository) {
  say(`fetching ${ADDRESS}`);
  const archive = await fetchArchive();
  const found = createHash("sha256").update(archive).digest("hex");
  if (found !== SHA256) {
    throw new SetupError(`fetch ${ADDRESS}: its SHA-256 is ${found}, and should be ${SHA256}`);
  }
  unpack(archive, join(repository, "node_modules/.ocicat"));
}

async function fetchArchive() {
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await fetch(ADDRESS);
      if (answer.ok) {
        return Buffer.from(await answer.arrayBuffer());
      }
      throw new SetupError(`fetch ${ADDRESS}: the server answers ${answer.status}`);
    } catch (error) {
      if (attempt === ATTEMPTS) {
        throw error instanceof SetupError
          ? error
          : new SetupError(
              `fetch ${ADDRESS}: ${String(/** @type {Error} */ (error).cause ?? error)}`,
            );
      }
      await new Promise((resolve) => setTimeout(resolve, REST_MS * attempt));
    }
  }
}

/**
 * Whole or not at all.
 *
 * @param {Buffer} archive
 * @param {string} folder
 */
function unpack(archive, folder) {
  const temporary = join(folder, `${PACKAGE}.${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    const file = join(temporary, "archive.tar.gz");
    writeFileSync(file, archive);
    const result = spawnSync("tar", ["-xzf", file, "-C", temporary, "--no-same-owner"], {
      stdio: ["ignore", process.stderr, process.stderr],
    });
    if (result.status !== 0) {
      throw new SetupError(`unpack ${PACKAGE}: tar ended with ${result.status ?? result.signal}`);
    }
    rmSync(join(folder, PACKAGE), { recursive: true, force: true });
    renameSync(join(temporary, PACKAGE), join(folder, PACKAGE));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
