// What holds of the settings: a flag before a variable, that before the user's file, that before the
// system's. A value is looked for and checked when it is asked for, so that a short command pays for
// what it uses.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { SETTINGS, type SettingKey, type SettingValues, variableOf } from "./schema.ts";
import { Refusal, type Setting } from "./setting.ts";

/** Where a value comes from. */
export type Origin =
  | { readonly kind: "default" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "flag"; readonly name: string };

/** The settings of one file, checked, as TOML has them. */
export interface ConfigurationFile {
  readonly path: string;
  readonly values: ReadonlyMap<SettingKey, unknown>;
}

/** What a front end was told. A text is read as a variable's would be. */
export interface FlagValue {
  readonly flag: string;
  readonly value: string | number | readonly string[];
}

export type FlagValues = { readonly [Key in SettingKey]?: FlagValue };

export interface ConfigurationSources {
  /** The one that counts most first. */
  readonly files?: readonly ConfigurationFile[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly flags?: FlagValues;
}

interface Found {
  readonly raw: unknown;
  readonly origin: Origin;
}

export class Configuration {
  readonly #sources: ConfigurationSources;

  /** Without sources everything is at its default. */
  constructor(sources: ConfigurationSources = {}) {
    this.#sources = sources;
  }

  /** Throws OcicatError for a variable or flag with a wrong value. */
  get<Key extends SettingKey>(key: Key): SettingValues[Key] {
    const setting: Setting<SettingValues[Key]> = SETTINGS[key];
    const found = this.#find(key);
    if (found === undefined) {
      return setting.fallback;
    }
    const value = setting.read(found.raw);
    if (value instanceof Refusal) {
      throw refused(key, found.origin, value);
    }
    return value;
  }

  originOf(key: SettingKey): Origin {
    return this.#find(key)?.origin ?? { kind: "default" };
  }

  withFlags(flags: FlagValues): Configuration {
    return new Configuration({ ...this.#sources, flags: { ...this.#sources.flags, ...flags } });
  }

  #find(key: SettingKey): Found | undefined {
    const { files = [], environment = {}, flags = {} } = this.#sources;
    const given = flags[key];
    if (given !== undefined) {
      const { flag, value } = given;
      const raw = typeof value === "string" ? SETTINGS[key].fromText(value) : value;
      return { raw, origin: { kind: "flag", name: flag } };
    }
    const name = variableOf(key);
    const variable = environment[name];
    if (variable !== undefined && variable !== "") {
      return { raw: SETTINGS[key].fromText(variable), origin: { kind: "variable", name } };
    }
    const file = files.find(({ values }) => values.has(key));
    return file === undefined
      ? undefined
      : { raw: file.values.get(key), origin: { kind: "file", path: file.path } };
  }
}

function refused(key: SettingKey, origin: Origin, { reason }: Refusal): OcicatError {
  return new OcicatError(origin.kind === "file" ? "invalid-config" : "invalid-argument", {
    operation: "use",
    subject: `${key} from ${formatOrigin(origin)}`,
    reason,
  });
}

export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case "default":
      return "default";
    case "file":
      return quote(origin.path);
    case "variable":
    case "flag":
      return origin.name;
  }
}
