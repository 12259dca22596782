// Where the engine works and what it was told: the settings, and the folders that follow from them.
//
//   STORE ROOT            src/store/layout.ts
//   STATE ROOT/.engine    the state of the engine's containers, by the layout of src/runtime/state-directory.ts
//
// A folder is asked for when it is needed: who only lists images needs none for states.

import type { Configuration, FlagValues } from "../config/configuration.ts";
import { readConfiguration } from "../config/read-configuration.ts";
import { isOwnFolder } from "../host/own-folder.ts";
import { defaultStateRoot } from "../runtime/state-root.ts";
import { defaultStoreRoot } from "../store/root.ts";
import { call } from "../sys/call.ts";

export interface SurroundingsOptions {
  /** What the caller's own command line says. */
  readonly flags?: FlagValues;
  /** In place of the settings "store.root" and "state.root". */
  readonly storeRoot?: string | undefined;
  readonly stateRoot?: string | undefined;
  readonly onWarning?: ((text: string) => void) | undefined;
}

export class Surroundings {
  readonly configuration: Configuration;
  readonly #findStateRoot: () => string;

  constructor(configuration: Configuration, findStateRoot: () => string) {
    this.configuration = configuration;
    this.#findStateRoot = findStateRoot;
  }

  get storeRoot(): string {
    const { HOME, XDG_DATA_HOME } = process.env;
    return (
      this.configuration.get("store.root") ??
      defaultStoreRoot({ effectiveUid: call("geteuid"), HOME, XDG_DATA_HOME })
    );
  }

  get stateRoot(): string {
    return this.configuration.get("state.root") ?? this.#findStateRoot();
  }

  get containerStateRoot(): string {
    return `${this.stateRoot}/.engine`;
  }
}

/** Throws OcicatError for a configuration file that cannot be read or is wrong. */
export async function readSurroundings(options: SurroundingsOptions): Promise<Surroundings> {
  const { flags = {}, storeRoot, stateRoot, onWarning } = options;
  const effectiveUid = call("geteuid");
  const configuration = await readConfiguration({
    environment: process.env,
    effectiveUid,
    onWarning: (text) => onWarning?.(text),
  });
  const chosen = configuration.withFlags({
    ...flags,
    ...(storeRoot === undefined ? {} : { "store.root": { flag: "--store", value: storeRoot } }),
    ...(stateRoot === undefined ? {} : { "state.root": { flag: "--root", value: stateRoot } }),
  });
  const { XDG_RUNTIME_DIR } = process.env;
  const user = { effectiveUid, XDG_RUNTIME_DIR };
  const isNamed = XDG_RUNTIME_DIR?.startsWith("/") === true;
  // One that su(1) has handed on is the other user's.
  const hasSession = effectiveUid === 0 || (isNamed && isOwnFolder(XDG_RUNTIME_DIR, effectiveUid));
  const find = hasSession
    ? defaultStateRoot
    : (await import("../host/sessionless-folder.ts")).sessionlessFolder;
  return new Surroundings(chosen, () => find(user));
}

/** For operations that look for their surroundings themselves. */
export function placeOf({ storeRoot, stateRoot }: Surroundings): SurroundingsOptions {
  return { storeRoot, stateRoot };
}
