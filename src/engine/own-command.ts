// How `ocicat` is executed by a holder whose container has ended, and by itself, whichever program started it.

import { AT_FDCWD } from "../abi/file.ts";
import { statAt } from "../sys/file.ts";
import { QUICK_START } from "../sys/launch-notes.ts";

/** What tools/build.ts calls the program begins so; Bun has it here. */
const COMPILED = /^\/\$bunfs\/root\/ocicat\.bin/;
const BUNDLED = "/$bunfs/";

/**
 * A path and the words before a command of `ocicat`: this program itself, or, where another one has the
 * engine as a library, the one that came with the library or is installed.
 */
export function ownCommand(): readonly string[] {
  const sources = import.meta.dir;
  if (COMPILED.test(Bun.main)) {
    return [process.execPath];
  }
  if (isRunFromSources()) {
    return [process.execPath, ...process.execArgv, Bun.main];
  }
  if (!sources.startsWith(BUNDLED)) {
    return [`${sources}/../../bin/ocicat`];
  }
  return [Bun.which("ocicat") ?? "/usr/local/bin/ocicat"];
}

const QUICK_PROGRAM = "ocicat.quick";

/** The same for a short command, for which there may be a program of its own (native/quick.c). */
export function ownShortCommand(): readonly string[] {
  const [path = "", ...words] = ownCommand();
  const quick = `${path.slice(0, path.lastIndexOf("/"))}/${QUICK_PROGRAM}`;
  const isCompiled = words.length === 0 && COMPILED.test(Bun.main);
  return isCompiled && statAt(AT_FDCWD, quick) !== undefined ? [quick] : [path, ...words];
}

/** Whether this process is a command of `ocicat`, and not another program's that has the engine as a library. */
export function isOwnProcess(): boolean {
  return COMPILED.test(Bun.main) || isRunFromSources();
}

function isRunFromSources(): boolean {
  const sources = import.meta.dir;
  return Bun.main === `${sources.slice(0, sources.lastIndexOf("/"))}/main.ts`;
}

/** For a command that does not work long: what the launcher would say of it. */
export function quickEnvironment(): readonly string[] {
  const settings = Object.entries(QUICK_START).map(([name, value]) => `${name}=${value}`);
  return [...ownEnvironment(), ...settings];
}

/** What tells a program where its files are and who it is; the rest is nobody's business. */
export function ownEnvironment(): readonly string[] {
  const names = ["PATH", "HOME", "USER", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"];
  return names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}
