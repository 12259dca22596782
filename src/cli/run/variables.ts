// --env and --env-file.

import { readTextFile } from "../../sys/file.ts";
import type { FlagsOf } from "../flags.ts";
import { badValue } from "./bad-value.ts";
import type { PROCESS_FLAGS } from "./environment-flags.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** --env and --env-file. */
export function parseVariables(flags: FlagsOf<typeof PROCESS_FLAGS>, own: Variables): string[] {
  const files = flags.list("env-file").map((path) => readTextFile(path));
  const entries = flags.list("env").flatMap((entry) => matching(entry, own));
  return variables({ files, entries, own });
}

/** "NAME=VALUE". */
export function entriesOf(own: Variables): string[] {
  return Object.entries(own).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
}

/** "NAME*", as podman has it. */
function matching(entry: string, own: Variables): string[] {
  if (entry.includes("=") || !entry.endsWith("*")) {
    return [entry];
  }
  const beginning = entry.slice(0, -1);
  return entriesOf(own).filter((each) => each.startsWith(beginning));
}

export interface VariableSources {
  /** The contents of --env-file, in their order. */
  readonly files: readonly string[];
  /** The values of --env. */
  readonly entries: readonly string[];
  /** Our own variables, for names without a value. */
  readonly own: Readonly<Record<string, string | undefined>>;
}

/** Of an --env-file or a --label-file: without empty lines and comments. */
export function fileLines(text: string): string[] {
  const lines = text.split(/\r?\n/);
  return lines.map((line) => line.trimStart()).filter((line) => /^[^#]/.test(line));
}

/** Later ones win. A name that we do not have either is taken from the image's variables. */
export function variables({ files, entries, own }: VariableSources): string[] {
  const inFiles = files.flatMap(fileLines);
  const words = [
    ...inFiles.map((entry) => checkedVariable("env-file", entry)),
    ...entries.map((entry) => checkedVariable("env", entry)),
  ];
  return words.map((entry) => {
    const value = own[entry];
    return entry.includes("=") || value === undefined ? entry : `${entry}=${value}`;
  });
}

/** A name with spaces is a mistake in a file, docker says, and may be meant on the command line. */
function checkedVariable(flag: "env" | "env-file", entry: string): string {
  const name = entry.split("=", 1)[0] ?? "";
  if (name === "" || (flag === "env-file" && /\s/.test(name))) {
    const what = flag === "env" ? "it" : "this line";
    throw badValue(flag, entry, `${what} is not of the form NAME=VALUE or NAME`);
  }
  return entry;
}
