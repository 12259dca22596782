// An entry of the tables of commands, and a word that some of them stand behind.

import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly summary: string;
  /** Other names. */
  readonly aliases?: readonly string[];
  /** For programs of our own, or an older name: help and completions leave it out. */
  readonly isHidden?: boolean;
  readonly load: () => Promise<Command>;
}

/** A word that commands stand behind: `ocicat image ls`. */
export interface CommandGroup {
  readonly summary: string;
  readonly aliases?: readonly string[];
  readonly isHidden?: boolean;
  readonly commands: Readonly<Record<string, CommandEntry | CommandGroup>>;
}
