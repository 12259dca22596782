// man: the manual page of a command: at a terminal as man shows it, else as man reads it.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { closestWord } from "../error/similar-words.ts";
import { isTerminal } from "../sys/terminal.ts";
import { type Command, defineCommand } from "./command.ts";
import type { CommandEntry, CommandGroup } from "./command-entry.ts";
import { findEntry } from "./find-entry.ts";
import { manPage } from "./man/command-page.ts";
import { configurationPage } from "./man/configuration-page.ts";
import { writeOutput } from "./write-text.ts";

const STDOUT = 1;
const CONFIGURATION_WORDS = ["config.toml", "ocicat-config.toml"];

/** `table`: all commands, this one among them. */
export function manOf(table: CommandGroup): Command {
  return defineCommand({
    usage: ["[COMMAND...]", "config.toml"],
    about: `Shows the manual page of a command, or of the configuration file. Where the output is no terminal, or
there is no man, it is the page's source, which \`man -l\` reads. \`npm run install:to\` installs all pages.`,
    flags: {},
    args: { min: 0 },
    examples: ["ocicat man run", "ocicat man image ls", "ocicat man run | man -l -"],
    async act({ args }) {
      const text = await pageFor(table, args);
      if (!(isTerminal(STDOUT) && showByMan(text))) {
        writeOutput(text);
      }
      return 0;
    },
  });
}

async function pageFor(table: CommandGroup, words: readonly string[]): Promise<string> {
  const [first = ""] = words;
  if (words.length === 1 && CONFIGURATION_WORDS.includes(first)) {
    return configurationPage().text;
  }
  let entry: CommandEntry | CommandGroup = table;
  const path = ["ocicat"];
  for (const word of words) {
    entry = entryBehind(entry, path, word);
    path.push(word);
  }
  return (await manPage(path, entry)).text;
}

function entryBehind(
  entry: CommandEntry | CommandGroup,
  path: readonly string[],
  word: string,
): CommandEntry | CommandGroup {
  const found = "commands" in entry ? findEntry(entry, word) : undefined;
  if (found === undefined) {
    const suggestion =
      "commands" in entry ? closestWord(word, Object.keys(entry.commands)) : undefined;
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `the manual page of ${quote([...path, word].join(" "))}`,
      reason: "there is no such command",
      ...(suggestion === undefined ? {} : { hint: `did you mean ${suggestion}?` }),
    });
  }
  return found;
}

/** False: there is no man. */
function showByMan(text: string): boolean {
  const program = Bun.which("man");
  if (program === null) {
    return false;
  }
  const stdin = new TextEncoder().encode(text);
  return Bun.spawnSync([program, "-l", "-"], { stdin, stdout: "inherit" }).exitCode === 0;
}
