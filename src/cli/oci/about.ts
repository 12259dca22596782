// What --help and --version say.

import packageFile from "../../../package.json" with { type: "json" };
import { OCI_VERSION } from "../../oci/spec.ts";
import type { Flag, FlagTable } from "../flags.ts";
import type { Command } from "./command.ts";
import { GLOBAL_FLAGS } from "./global-flags.ts";

/** Three lines, which go-runc and dockerd take apart. */
export function versionText(): string {
  const { version } = packageFile;
  return `ocicat-runtime version ${version}\ncommit: v${version}\nspec: ${OCI_VERSION}\n`;
}

export function aboutText(
  commands: Readonly<Record<string, { readonly summary: string }>>,
): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${commands[name]?.summary}\n`);
  return [
    "ocicat-runtime: an OCI container runtime\n\n",
    "usage: ocicat-runtime [FLAGS] COMMAND [ARGUMENTS]\n\n",
    "commands:\n",
    ...lines,
    "\nflags:\n",
    flagLines(GLOBAL_FLAGS),
  ].join("");
}

export function commandHelp({ name, usage, flags }: Command, summary: string): string {
  const hasFlags = Object.keys(flags).length > 0;
  return [
    `ocicat-runtime ${name}: ${summary}\n\n`,
    `usage: ocicat-runtime ${name}${hasFlags ? " [FLAGS]" : ""} ${usage}`.trimEnd(),
    "\n",
    hasFlags ? `\nflags:\n${flagLines(flags)}` : "",
  ].join("");
}

export function flagLines(flags: FlagTable): string {
  const names = Object.entries(flags).map(([name, flag]) => flagNames(name, flag));
  const width = Math.max(...names.map((text) => text.length));
  return Object.values(flags)
    .map(({ help }, index) => `  ${(names[index] ?? "").padEnd(width)}  ${help}\n`)
    .join("");
}

function flagNames(name: string, { aliases = [], value }: Flag): string {
  const all = [name, ...aliases].map((each) => (each.length === 1 ? `-${each}` : `--${each}`));
  return `${all.join(", ")}${value === undefined ? "" : ` ${value}`}`;
}
