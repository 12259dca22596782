// One configuration file, TOML: the settings in it, checked. A fault refuses the file, and the error
// lists all of them; what is not known is only told, so that a file can serve several versions.

import { type Fault, OcicatError, quote } from "../error/ocicat-error.ts";
import { closestWord } from "../error/similar-words.ts";
import type { ConfigurationFile } from "./configuration.ts";
import { isSettingKey, SETTINGS, type SettingKey, settingKeys } from "./schema.ts";
import { nameOfType, Refusal } from "./setting.ts";
import { parseToml } from "./toml.ts";

/** A file of something else has thousands of names. */
const WARNINGS_MAX = 20;

export interface FileContent {
  readonly path: string;
  readonly text: string;
  readonly onWarning: (text: string) => void;
}

/** Throws OcicatError (invalid-config) that names the file, and every place in it that is wrong. */
export function parseConfigurationFile(content: FileContent): ConfigurationFile {
  const { path } = content;
  const reader = new SettingsReader(content);
  reader.readTable("", parseToml(content));
  const { faults, values } = reader;
  if (faults.length > 0) {
    const lines = faults.map((each) => `${each.path}: ${each.reason}`);
    throw new OcicatError("invalid-config", {
      operation: "read",
      subject: quote(path),
      reason: lines.join("\n  "),
      faults,
    });
  }
  return { path, values };
}

class SettingsReader {
  readonly faults: Fault[] = [];
  readonly values = new Map<SettingKey, unknown>();
  readonly #content: FileContent;
  #warningCount = 0;

  constructor(content: FileContent) {
    this.#content = content;
  }

  readTable(prefix: string, table: object): void {
    for (const [name, raw] of Object.entries(table)) {
      this.#readEntry(prefix === "" ? name : `${prefix}.${name}`, raw);
    }
  }

  #readEntry(key: string, raw: unknown): void {
    if (isSettingKey(key)) {
      this.#readSetting(key, raw);
    } else if (!settingKeys().some((each) => each.startsWith(`${key}.`))) {
      this.#warn(key);
    } else if (isTable(raw)) {
      this.readTable(key, raw);
    } else {
      this.faults.push({ path: key, reason: `a table is needed, not ${nameOfType(raw)}` });
    }
  }

  #readSetting(key: SettingKey, raw: unknown): void {
    const value = SETTINGS[key].read(raw);
    if (value instanceof Refusal) {
      this.faults.push({ path: key, reason: value.reason });
    } else {
      this.values.set(key, raw);
    }
  }

  #warn(key: string): void {
    this.#warningCount += 1;
    if (this.#warningCount > WARNINGS_MAX) {
      return;
    }
    const { path, onWarning } = this.#content;
    const near = closestWord(key, [...settingKeys(), ...tableNames()]);
    const suggestion = near === undefined ? "" : `; did you mean ${near}?`;
    onWarning(`${quote(path)}: there is no setting ${quote(key.slice(0, 80))}${suggestion}`);
  }
}

function tableNames(): string[] {
  return [...new Set(settingKeys().map((key) => key.slice(0, key.lastIndexOf("."))))];
}

function isTable(raw: unknown): raw is object {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}
