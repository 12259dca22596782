// What holds of every setting, for whoever shows it.

import { formatOrigin, type Origin } from "../../config/configuration.ts";
import { configurationPaths } from "../../config/read-configuration.ts";
import { SETTINGS, type SettingKey, type SettingValues, settingKeys } from "../../config/schema.ts";
import type { Setting } from "../../config/setting.ts";
import { unknownVariables } from "../../config/unknown-variables.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { stat } from "../../sys/file.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";

export interface SettingReport {
  readonly key: SettingKey;
  /** Undefined: without a value, and nothing else decides it here. */
  readonly value: unknown;
  /** As TOML. */
  readonly text: string;
  readonly origin: Origin;
  /** "default", a file's path, a variable's or a flag's name. */
  readonly from: string;
}

/** Throws OcicatError for the first value that is wrong. */
export async function listSettings(options: SurroundingsOptions): Promise<SettingReport[]> {
  const surroundings = await readSurroundings(options);
  for (const warning of unknownVariables(process.env)) {
    options.onWarning?.(warning);
  }
  return settingKeys().map((key) => report(surroundings, key));
}

function report<Key extends SettingKey>(surroundings: Surroundings, key: Key): SettingReport {
  const { configuration } = surroundings;
  const setting: Setting<SettingValues[Key]> = SETTINGS[key];
  const value = configuration.get(key);
  const origin = configuration.originOf(key);
  const folder = value === undefined ? folderInstead(surroundings, key) : undefined;
  return {
    key,
    value: folder ?? value,
    text: folder === undefined ? setting.format(value) : JSON.stringify(folder),
    origin,
    from: formatOrigin(origin),
  };
}

/** The folder that is taken when nobody names one; there may be none without HOME. */
function folderInstead(surroundings: Surroundings, key: SettingKey): string | undefined {
  try {
    return key === "store.root" ? surroundings.storeRoot : surroundings.stateRoot;
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}

export interface ConfigurationPath {
  readonly path: string;
  readonly exists: boolean;
}

/** The files that settings are read from, the one that counts most first. */
export function listConfigurationPaths(): ConfigurationPath[] {
  return configurationPaths({ environment: process.env }).map((path) => ({
    path,
    exists: canSee(path),
  }));
}

function canSee(path: string): boolean {
  try {
    return stat(path) !== undefined;
  } catch {
    return false;
  }
}
