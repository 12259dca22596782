// Finding a command in the table.

import type { CommandEntry, CommandGroup } from "./command-entry.ts";

/** By its name or another one. */
export function findEntry(
  { commands }: CommandGroup,
  word: string,
): CommandEntry | CommandGroup | undefined {
  return Object.hasOwn(commands, word)
    ? commands[word]
    : Object.values(commands).find(({ aliases }) => aliases?.includes(word));
}
