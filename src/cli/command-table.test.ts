// What holds of every command in the table.

import { describe, expect, test } from "bun:test";
import type { CommandEntry, CommandGroup } from "./command-entry.ts";
import { OCICAT } from "./command-table.ts";
import { findEntry } from "./find-entry.ts";
import { commandHelp, groupHelp } from "./help.ts";
import { QUICK_COMMANDS } from "./quick-commands.ts";

interface Placed {
  readonly name: string;
  readonly entry: CommandEntry;
}

function placed(group: CommandGroup, prefix: string): Placed[] {
  return Object.entries(group.commands).flatMap(([word, entry]) => {
    const name = `${prefix} ${word}`;
    return "load" in entry ? [{ name, entry }] : placed(entry, name);
  });
}

const COMMANDS = placed(OCICAT, "ocicat");

/** The words of each `ocicat` in a line for a shell. */
function calls(example: string): string[][] {
  const inner = [...example.matchAll(/\$\(([^)]*)\)/g)].map(([, command = ""]) => command);
  const outer = example.replaceAll(/\$\([^)]*\)/g, "x");
  const commands = [outer, ...inner].flatMap((text) => text.split(/\s*(?:\|\|?|&&|[<>])\s*/));
  return commands
    .filter((each) => each.startsWith("ocicat "))
    .map((command) => {
      const words = command.match(/'[^']*'|"(?:\\.|[^"])*"|[^\s']+/g) ?? [];
      return words.map((word) => word.replace(/^(['"])(.*)\1$/s, "$2"));
    });
}

function findCommand(words: readonly string[]): { entry: CommandEntry; rest: readonly string[] } {
  let group = OCICAT;
  let rest = words.slice(1);
  for (;;) {
    const entry = findEntry(group, rest[0] ?? "");
    rest = rest.slice(1);
    if (entry === undefined) {
      throw new Error(`there is no command for ${words.join(" ")}`);
    }
    if ("load" in entry) {
      return { entry, rest };
    }
    group = entry;
  }
}

describe("every command", () => {
  test.each(COMMANDS.map(({ name, entry }) => [name, entry] as const))(
    "%s has help, and examples that its parser takes",
    async (name, entry) => {
      const command = await entry.load();
      const text = commandHelp(name, command);
      expect(text).toStartWith(`usage: ${name}`);
      expect(text.split("\n").filter((line) => line.length > 120)).toEqual([]);
      expect(command.examples.length).toBeGreaterThan(0);
      expect(entry.summary).toMatch(/^[a-z]/);
      for (const words of command.examples.flatMap(calls)) {
        const found = findCommand(words);
        const called = await found.entry.load();
        const context = { command: name, notes: undefined };
        expect(await called.prepare(found.rest, context)).toBeFunction();
      }
    },
  );

  test("says what its flags are for, in one line each", async () => {
    for (const { name, entry } of COMMANDS) {
      const { flags } = await entry.load();
      for (const [flag, { help, aliases = [] }] of Object.entries(flags)) {
        expect(`${name} --${flag}: ${help}`).not.toMatch(/: $|\n/);
        expect(aliases.filter((alias) => alias.startsWith("-"))).toEqual([]);
      }
    }
  });

  test("that is quick is the same one in the table", () => {
    for (const [name, entry] of Object.entries(QUICK_COMMANDS)) {
      expect([name, OCICAT.commands[name]]).toEqual([name, entry]);
    }
  });

  test("is in the help of its group", () => {
    const help = groupHelp("ocicat", OCICAT);
    for (const [name, entry] of Object.entries(OCICAT.commands)) {
      if (entry.isHidden === true) {
        continue;
      }
      expect(help).toMatch(new RegExp(`^ {2}${name}(?:, [a-z]+)* {2,}\\S`, "m"));
    }
  });
});
