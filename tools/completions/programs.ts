// The commands and flags of both programs as a shell completes them: from the same tables that their
// parsers and their help are made of.

import { COMMANDS } from "../../src/cli/oci/commands.ts";
import { GLOBAL_FLAGS } from "../../src/cli/oci/global-flags.ts";
import { RUN_FLAGS } from "../../src/cli/run/flags.ts";
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
  readonly value?: string | undefined;
  readonly summary: string;
}

function completedFlag({ name, value, summary }: TableFlag): CompletedFlag {
  const flag = { name: name.length === 1 ? `-${name}` : `--${name}`, summary };
  return value === undefined ? flag : { ...flag, value: VALUE_KINDS[value] ?? "text" };
}

interface OciFlag {
  readonly kind: string;
  readonly value?: string;
  readonly help: string;
}

function ociFlags(table: Readonly<Record<string, OciFlag>>): CompletedFlag[] {
  return Object.entries(table).map(([name, { kind, value, help }]) =>
    completedFlag({
      name,
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
        flags: [...ociFlags(command.flags), HELP],
        arguments: takesContainer && !MAKES_ITS_ID.includes(name) ? "container" : "none",
      };
    }),
  );
  return {
    name: "ocicat-runtime",
    listContainers: "ocicat-runtime list --quiet",
    flags: ociFlags(GLOBAL_FLAGS),
    commands,
  };
}

export function ocicat(): CompletedProgram {
  return {
    name: "ocicat",
    listContainers: "ocicat runtime list --quiet",
    flags: [HELP, VERSION],
    commands: [
      {
        name: "run",
        summary: "run a container",
        flags: RUN_FLAGS.map(completedFlag),
        arguments: "none",
      },
      {
        name: "explain",
        summary: "show the system calls that would make a container",
        flags: [
          { name: "--json", summary: "as JSON" },
          { name: "--diff", summary: "compare two bundles" },
          HELP,
        ],
        arguments: "folder",
      },
      {
        name: "runtime",
        summary: "the commands of ocicat-runtime",
        flags: [HELP],
        arguments: "none",
      },
    ],
  };
}
