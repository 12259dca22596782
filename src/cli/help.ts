// What --help prints, made from the tables that dispatch and parse.

import type { Command } from "./command.ts";
import type { CommandGroup } from "./command-entry.ts";
import type { FlagTable } from "./flags.ts";
import { hasHelpLetter } from "./parse-command-line.ts";

/** `command`: as it was typed, "ocicat image ls". */
export function commandHelp(command: string, { usage, about, notes, ...rest }: Command): string {
  const lead = (index: number) => (index === 0 ? "usage: " : "       ");
  const forms = usage.map((form, index) => `${lead(index)}${command} ${form}`.trimEnd());
  const examples = rest.examples.map((example) => `  ${example}\n`).join("");
  return [
    `${forms.join("\n")}\n`,
    `${about}\n`,
    `flags:\n${flagLines(rest.flags)}`,
    ...(notes === undefined ? [] : [`${notes}\n`]),
    ...(examples === "" ? [] : [`examples:\n${examples}`]),
  ].join("\n");
}

function flagLines(flags: FlagTable): string {
  const rows = Object.entries(flags).map(([name, { kind, aliases = [], value, help }]) => {
    const letter = aliases.find((alias) => alias.length === 1);
    const placeholder = kind === "switch" ? "" : ` ${value ?? "VALUE"}`;
    return [`${letter === undefined ? "    " : `-${letter}, `}--${name}${placeholder}`, help];
  });
  const help = hasHelpLetter(flags) ? "-h, --help" : "    --help";
  return columns([...rows, [help, "show this help"]]);
}

/** `name`: "ocicat" or "ocicat image". */
export function groupHelp(name: string, group: CommandGroup): string {
  const rows = Object.entries(group.commands)
    .filter(([, { isHidden }]) => isHidden !== true)
    .map(([command, entry]) => [[command, ...(entry.aliases ?? [])].join(", "), entry.summary]);
  return `${name}: ${group.summary}

usage: ${name} COMMAND [ARGUMENTS]

commands:
${columns(rows)}
\`${name} COMMAND --help\` tells more about a command.
`;
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = Math.max(...rows.map(([left = ""]) => left.length)) + 2;
  return rows.map(([left = "", right = ""]) => `  ${left.padEnd(width)}${right}\n`).join("");
}
