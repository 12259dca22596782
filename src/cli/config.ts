// ocicat config: what holds of the settings, and where each value comes from.

import {
  listConfigurationPaths,
  listSettings,
  type SettingReport,
} from "../engine/system/list-settings.ts";
import { quote } from "../error/ocicat-error.ts";
import { defineCommand } from "./command.ts";
import { type FlagsOf, type FlagTable, usageError } from "./flags.ts";
import { formatTable } from "./terminal/table.ts";
import { writeError, writeOutput } from "./write-text.ts";

const CONFIG_FLAGS = {
  format: { kind: "text", value: "FORMAT", help: "table, json or toml" },
} as const satisfies FlagTable;

export const config = defineCommand({
  usage: ["[--format table|json|toml]", "path", "example"],
  about: `Shows every setting with its value and where that comes from. \`path\` shows the
files that are read, the one that counts most first; \`example\` a file with all
settings, their defaults and what they are for.`,
  flags: CONFIG_FLAGS,
  args: { min: 0, max: 1 },
  examples: [
    "ocicat config",
    "ocicat config example | install -D -m 644 /dev/stdin ~/.config/ocicat/config.toml",
  ],
  act: showConfiguration,
});

async function showConfiguration(flags: FlagsOf<typeof CONFIG_FLAGS>): Promise<number> {
  const [what] = flags.args;
  if (what === undefined) {
    writeOutput(await settings(flags.text("format")));
  } else if (what === "path") {
    writeOutput(paths(flags.text("format")));
  } else if (what === "example") {
    const { exampleFile } = await import("../config/example-file.ts");
    writeOutput(exampleFile());
  } else {
    throw usageError(`it takes path, example or nothing, not ${quote(what)}; see --help`);
  }
  return 0;
}

async function settings(format = "table"): Promise<string> {
  const draw = FORMATS[format];
  if (!Object.hasOwn(FORMATS, format) || draw === undefined) {
    throw usageError(`--format ${quote(format)}: it is table, json or toml`);
  }
  const reports = await listSettings({
    onWarning: (text) => writeError(`ocicat config: warning: ${text}\n`),
  });
  return draw(reports);
}

const FORMATS: Readonly<Record<string, (reports: readonly SettingReport[]) => string>> = {
  table: (reports) =>
    formatTable([
      ["SETTING", "VALUE", "FROM"],
      ...reports.map(({ key, text, from }) => [key, text === "" ? "-" : text, from]),
    ]),
  json: (reports) => {
    const list = reports.map(({ key, value, origin }) => ({ key, value: value ?? null, origin }));
    return `${JSON.stringify(list, undefined, 2)}\n`;
  },
  toml: (reports) =>
    reports
      .filter(({ text }) => text !== "")
      .map(({ key, text, from }) => `${key} = ${text} # ${from}\n`)
      .join(""),
};

function paths(format = "table"): string {
  const found = listConfigurationPaths();
  if (format === "json") {
    return `${JSON.stringify(found, undefined, 2)}\n`;
  }
  if (format !== "table") {
    throw usageError(`--format ${quote(format)}: it is table or json`);
  }
  return found.map(({ path, exists }) => `${path}${exists ? "" : " (not there)"}\n`).join("");
}
