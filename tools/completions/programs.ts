// The commands and flags of both programs as a shell completes them: from the same tables that their
// parsers and their help are made of.

import type { CommandEntry, CommandGroup } from "../../src/cli/command-entry.ts";
import { OCICAT } from "../../src/cli/command-table.ts";
import type { FlagTable } from "../../src/cli/flags.ts";
import { COMMANDS } from "../../src/cli/oci/commands.ts";
import { GLOBAL_FLAGS } from "../../src/cli/oci/global-flags.ts";
import type { CompletedCommand, CompletedFlag, CompletedProgram } from "./shells.ts";

type ValueKind = NonNullable<CompletedFlag["value"]>;

/** What help calls a value, and what that completes to. Everything else is text. */
const VALUE_KINDS: Readonly<Record<string, ValueKind>> = {
  FILE: "file",
  SOCKET: "file",
  FOLDER: "folder",
  DIR: "folder",
};

interface TableFlag {
  readonly name: string;
  readonly aliases?: readonly string[] | undefined;
  readonly value?: string | undefined;
  readonly summary: string;
}

const withDashes = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);

function completedFlag({ name, aliases = [], value, summary }: TableFlag): CompletedFlag {
  const flag = { name: withDashes(name), aliases: aliases.map(withDashes), summary };
  return value === undefined ? flag : { ...flag, value: VALUE_KINDS[value] ?? "text" };
}

function completedFlags(table: FlagTable): CompletedFlag[] {
  return Object.entries(table).map(([name, { kind, aliases, value, help }]) =>
    completedFlag({
      name,
      aliases,
      summary: help,
      value: kind === "switch" ? undefined : (value ?? "TEXT"),
    }),
  );
}

const HELP: CompletedFlag = { name: "--help", summary: "show help" };
const VERSION: CompletedFlag = { name: "--version", summary: "show the version" };

/** Their ID is one that does not exist yet. */
const MAKES_ITS_ID = ["create", "run", "restore"];

export async function ocicatRuntime(): Promise<CompletedProgram> {
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { summary, load }]): Promise<CompletedCommand> => {
      const command = await load();
      const takesContainer = /^(?:ID|CONTAINER)\b/.test(command.usage);
      return {
        name,
        summary,
        flags: [...completedFlags(command.flags), HELP],
        arguments: takesContainer && !MAKES_ITS_ID.includes(name) ? "container" : "none",
      };
    }),
  );
  return {
    name: "ocicat-runtime",
    lists: { container: "ocicat-runtime list --quiet" },
    flags: completedFlags(GLOBAL_FLAGS),
    commands,
  };
}

export async function ocicat(): Promise<CompletedProgram> {
  return {
    name: "ocicat",
    lists: {
      container: "ocicat complete container",
      pod: "ocicat complete pod",
      image: "ocicat complete image",
      volume: "ocicat complete volume",
      secret: "ocicat complete secret",
    },
    flags: [HELP, VERSION],
    commands: await completedCommands(OCICAT),
  };
}

function completedCommands({ commands }: CommandGroup): Promise<CompletedCommand[]> {
  return Promise.all(
    Object.entries(commands)
      .filter(([, { isHidden }]) => isHidden !== true)
      .map(([name, entry]) => completedCommand(name, entry)),
  );
}

async function completedCommand(
  name: string,
  entry: CommandEntry | CommandGroup,
): Promise<CompletedCommand> {
  const { summary } = entry;
  if ("commands" in entry) {
    const commands = await completedCommands(entry);
    return { name, summary, flags: [HELP], arguments: "none", commands };
  }
  const { flags, completes = "none" } = await entry.load();
  return { name, summary, flags: [...completedFlags(flags), HELP], arguments: completes };
}
