// Builds the quick program, dist/ocicat.quick (native/quick.c): its engine and our C, linked; then all of its
// TypeScript, executed up to where a command begins, behind it.

import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { hashInputs, readStamp } from "./input-hash.ts";
import { CALLED_SOURCES, compilerFor, hostArchitecture } from "./native.ts";
import { CommandError, captureCommand, runCommand } from "./processes.ts";
import { bundleQuick } from "./quick-bundle.ts";
import { DIST, REPOSITORY } from "./repository.ts";
import { quickjsFolder } from "./setup/quickjs.mjs";

const ENGINE = quickjsFolder(REPOSITORY);
const UNCHANGED_SOURCES = ["dtoa.c", "libregexp.c", "libunicode.c"];
const ENGINE_SOURCES = [...UNCHANGED_SOURCES, "quickjs.c"];
const OWN_SOURCES = ["native/quick.c", "native/arena.c", "native/sha256.c", ...CALLED_SOURCES];

/**
 * What `object[key] = value` is compiled to does two thirds of its work for the order in which a key is evaluated where
 * the object is null or undefined, which in TypeScript it never is: without that it takes 5 instructions
 * instead of 16. A note of the engine's authors beside it says that it ought to take fewer.
 */
const ORDER_OF_KEYS = "if (op == '=' && opcode == OP_get_array_el) {";
const WITHOUT_ORDER = "if (0) {";

/** At fixed addresses, which is what lets its memory be written to a file. */
const LINK_FLAGS = ["-static", "-no-pie", "-s", "-Wl,-z,noexecstack", "-Wl,-z,relro,-z,now"];
const HARD = ["-fno-pic", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2"];
const ENGINE_FLAGS = ["-O2", "-w", "-D_GNU_SOURCE", "-DNDEBUG", "-I", ENGINE, ...HARD];
const OWN_FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-isystem", ENGINE, ...HARD];

/** What decides the engine. Undefined: its sources are not here, and there is no quick program. */
export async function engineHash(): Promise<string | undefined> {
  if (!(await Bun.file(join(ENGINE, "quickjs.c")).exists())) {
    return undefined;
  }
  const version = await captureCommand([compilerFor(hostArchitecture()), "--version"]);
  const facts = [version, WITHOUT_ORDER, ...ENGINE_FLAGS, ...OWN_FLAGS, ...LINK_FLAGS];
  const inputs = { globs: ["*.{c,h}"], isExcluded: () => false, facts };
  return hashInputs(inputs, ENGINE);
}

/** `engine`: of engineHash. */
export async function buildQuick(engine: string | undefined): Promise<void> {
  if (engine === undefined) {
    await Promise.all(
      [DIST.quick, DIST.quickFolder].map((path) => rm(path, { recursive: true, force: true })),
    );
    return;
  }
  const objects = await compileEngine(engine);
  const folder = join(DIST.quickFolder, "modules");
  await rm(folder, { recursive: true, force: true });
  const bundle = await bundleQuick(folder);
  await Bun.write(DIST.quickMetafile, JSON.stringify(bundle));
  const bare = join(DIST.quickFolder, "bare");
  const sources = [...OWN_SOURCES, "-I", "native", ...objects, "-lm", "-lpthread"];
  const compiler = compilerFor(hostArchitecture());
  await runCommand([compiler, ...OWN_FLAGS, ...LINK_FLAGS, ...sources, "-o", bare]);
  await addModules(bare, [folder, ...bundle.modules]);
}

async function compileEngine(hash: string): Promise<readonly string[]> {
  const folder = join(DIST.quickFolder, "engine");
  const stamp = join(folder, "stamp");
  const objects = ENGINE_SOURCES.map((name) => join(folder, `${name.slice(0, -2)}.o`));
  if ((await readStamp(stamp)) === hash) {
    return objects;
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const compiler = compilerFor(hostArchitecture());
  const changed = join(folder, "quickjs.c");
  await Bun.write(changed, withoutOrder(await Bun.file(join(ENGINE, "quickjs.c")).text()));
  const sources = UNCHANGED_SOURCES.map((name) => join(ENGINE, name));
  await Promise.all(
    [...sources, changed].map((source, index) =>
      runCommand([compiler, ...ENGINE_FLAGS, "-c", source, "-o", objects[index] ?? ""]),
    ),
  );
  await Bun.write(stamp, `${hash}\n`);
  return objects;
}

/** Throws where the engine's source is not the one that this was written for. */
function withoutOrder(source: string): string {
  const parts = source.split(ORDER_OF_KEYS);
  if (parts.length !== 3) {
    throw new Error(`quickjs.c has ${parts.length - 1} places of ${ORDER_OF_KEYS}, and not 2`);
  }
  return parts.join(WITHOUT_ORDER);
}

/** Replaces the program in one step: a process that runs the old one keeps it. */
async function addModules(bare: string, words: readonly string[]): Promise<void> {
  const temporary = `${DIST.quick}.${process.pid}`;
  const child = Bun.spawn([bare, ...words], {
    stdin: "ignore",
    stdout: Bun.file(temporary),
    stderr: "inherit",
    env: {},
  });
  const status = await child.exited;
  if (status !== 0) {
    await rm(temporary, { force: true });
    throw new CommandError([bare, ...words], status);
  }
  await chmod(temporary, 0o755);
  await rename(temporary, DIST.quick);
}
