// Where the engine works and what it was told: the settings, and the folders that follow from them.
//
//   STORE ROOT            src/store/layout.ts
//   STATE ROOT/.engine    the state of the engine's containers, by the layout of src/runtime/state-directory.ts
//
// A folder is asked for when it is needed: who only lists images needs no XDG_RUNTIME_DIR.

import type { Configuration, FlagValues } from "../config/configuration.ts";
import { readConfiguration } from "../config/read-configuration.ts";
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

  constructor(configuration: Configuration) {
    this.configuration = configuration;
  }

  get storeRoot(): string {
    const { HOME, XDG_DATA_HOME } = process.env;
    return (
      this.configuration.get("store.root") ??
      defaultStoreRoot({ effectiveUid: call("geteuid"), HOME, XDG_DATA_HOME })
    );
  }

  get stateRoot(): string {
    const { XDG_RUNTIME_DIR } = process.env;
    return (
      this.configuration.get("state.root") ??
      defaultStateRoot({ effectiveUid: call("geteuid"), XDG_RUNTIME_DIR })
    );
  }

  get containerStateRoot(): string {
    return `${this.stateRoot}/.engine`;
  }
}

/** Throws OcicatError for a configuration file that cannot be read or is wrong. */
export async function readSurroundings(options: SurroundingsOptions): Promise<Surroundings> {
  const { flags = {}, storeRoot, stateRoot, onWarning } = options;
  const configuration = await readConfiguration({
    environment: process.env,
    effectiveUid: call("geteuid"),
    onWarning: (text) => onWarning?.(text),
  });
  return new Surroundings(
    configuration.withFlags({
      ...flags,
      ...(storeRoot === undefined ? {} : { "store.root": { flag: "--store", value: storeRoot } }),
      ...(stateRoot === undefined ? {} : { "state.root": { flag: "--root", value: stateRoot } }),
    }),
  );
}

/** For operations that look for their surroundings themselves. */
export function placeOf({ storeRoot, stateRoot }: Surroundings): SurroundingsOptions {
  return { storeRoot, stateRoot };
}
