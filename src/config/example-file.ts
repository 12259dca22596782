// A configuration file that has every setting at its default and says what it is for: the reference, and
// what somebody starts a file of their own from.

import { SETTINGS, type SettingKey, type SettingValues, settingKeys } from "./schema.ts";
import type { Setting } from "./setting.ts";

const WIDTH = 100;

/** TOML. A setting that something else decides without a value is a comment. */
export function exampleFile(): string {
  const tables = Map.groupBy(settingKeys(), tableOf);
  const sections = [...tables].map(([table, keys]) => [`[${table}]`, ...keys.map(entry)]);
  return `${sections.map((parts) => parts.join("\n\n")).join("\n\n")}\n`;
}

/** The default as TOML; empty where there is none. */
export function formatDefault<Key extends SettingKey>(key: Key): string {
  const setting: Setting<SettingValues[Key]> = SETTINGS[key];
  return setting.format(setting.fallback);
}

function tableOf(key: SettingKey): string {
  return key.slice(0, key.indexOf("."));
}

function entry(key: SettingKey): string {
  const { purpose, takes } = SETTINGS[key];
  const name = key.slice(key.indexOf(".") + 1);
  const value = formatDefault(key);
  return [
    ...wrapped(`${purpose}. Takes ${takes}.`).map((line) => `# ${line}`),
    value === "" ? `#${name} = ""` : `${name} = ${value}`,
  ].join("\n");
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
