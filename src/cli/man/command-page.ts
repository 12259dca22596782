// The manual pages of commands, made from the tables that dispatch, parsing and --help are made from.

import packageFile from "../../../package.json" with { type: "json" };
import type { Command } from "../command.ts";
import type { CommandEntry, CommandGroup } from "../command-entry.ts";
import type { FlagTable } from "../flags.ts";
import { hasHelpLetter } from "../parse-command-line.ts";
import {
  bold,
  escapeRoff,
  example,
  inlineText,
  italic,
  pageHead,
  paragraphs,
  section,
  term,
  textLine,
} from "./roff.ts";

const { version } = packageFile;

export interface ManPage {
  /** "ocicat-image-ls.1" */
  readonly file: string;
  readonly text: string;
}

/** `words`: what is typed, ["ocicat", "image", "ls"]. */
export async function manPage(
  words: readonly string[],
  entry: CommandEntry | CommandGroup,
): Promise<ManPage> {
  const name = words.join("-");
  const head = pageHead({ name, section: 1, summary: entry.summary, version });
  const body =
    "commands" in entry ? groupBody(words, entry) : commandBody(words, await entry.load());
  return { file: `${name}.1`, text: head + body };
}

/** Its page, and those of all commands behind it. */
export async function manPages(
  words: readonly string[],
  entry: CommandEntry | CommandGroup,
): Promise<ManPage[]> {
  const own = await manPage(words, entry);
  if (!("commands" in entry)) {
    return [own];
  }
  const others = shownCommands(entry).map(([name, each]) => manPages([...words, name], each));
  return [own, ...(await Promise.all(others)).flat()];
}

function shownCommands({ commands }: CommandGroup): [string, CommandEntry | CommandGroup][] {
  return Object.entries(commands).filter(([, { isHidden }]) => isHidden !== true);
}

function commandBody(words: readonly string[], command: Command): string {
  const { usage, about, notes, flags, examples } = command;
  const forms = usage.map((form) => `${bold(words.join(" "))} ${escapeRoff(form)}`.trimEnd());
  return [
    section("SYNOPSIS", `${forms.join("\n.br\n")}\n`),
    section("DESCRIPTION", paragraphs(about)),
    section("OPTIONS", flagTerms(flags)),
    section("NOTES", notes === undefined ? "" : paragraphs(notes)),
    section("EXAMPLES", examples.length === 0 ? "" : example(examples)),
    seeAlso(words.slice(0, -1)),
  ].join("");
}

function flagTerms(flags: FlagTable): string {
  const own = Object.entries(flags).map(([name, { kind, aliases = [], value = "VALUE", help }]) => {
    const names = [name, ...aliases].toSorted((a, b) => a.length - b.length);
    const shown = names.map((each) => bold(each.length === 1 ? `-${each}` : `--${each}`));
    const placeholder = kind === "switch" ? "" : ` ${italic(value)}`;
    return term(`${shown.join(", ")}${placeholder}`, inlineText(help));
  });
  const helpNames = hasHelpLetter(flags) ? ["-h", "--help"] : ["--help"];
  return [...own, term(helpNames.map(bold).join(", "), "show help")].join("");
}

function groupBody(words: readonly string[], group: CommandGroup): string {
  const commands = shownCommands(group).map(([name, { aliases = [], summary }]) => {
    const others = aliases.length === 0 ? "" : ` (${aliases.map(bold).join(", ")})`;
    return term(`${reference([...words, name])}${others}`, inlineText(summary));
  });
  const isTop = words.length === 1;
  return [
    section("SYNOPSIS", `${bold(words.join(" "))} ${italic("COMMAND")} [ARGUMENTS]\n`),
    section("COMMANDS", commands.join("")),
    isTop ? section("SEE ALSO", `${bold("ocicat-config.toml")}(5)\n`) : seeAlso(words.slice(0, -1)),
  ].join("");
}

/** As a page names another one. */
function reference(words: readonly string[]): string {
  return `${bold(words.join("-"))}(1)`;
}

function seeAlso(group: readonly string[]): string {
  return section("SEE ALSO", `${textLine(reference(group))}, ${bold("ocicat-config.toml")}(5)\n`);
}
