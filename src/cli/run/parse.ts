// Takes the words behind `ocicat run` apart: flags up to the first other word, which names the image;
// all that follows is the command's, dashes and all.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type Flag, type FlagName, RUN_FLAGS } from "./flags.ts";

export interface ParsedWords {
  /** Every value of every flag, in the order given; a switch has "true" or "false". */
  readonly values: ReadonlyMap<FlagName, readonly string[]>;
  readonly words: readonly string[];
}

type NamedFlag = Flag & { readonly name: FlagName };

const FLAGS: readonly NamedFlag[] = RUN_FLAGS;

/** Names that docker takes for the same. */
const ALIASES: Readonly<Record<string, FlagName>> = { net: "network" };

export function parseWords(args: readonly string[]): ParsedWords {
  const values = new Map<FlagName, string[]>();
  const words = [...args];
  const add = (name: FlagName, value: string): void => {
    values.set(name, [...(values.get(name) ?? []), value]);
  };
  for (let word = words[0]; word?.startsWith("-") && word !== "-"; word = words[0]) {
    words.shift();
    if (word === "--") {
      break;
    }
    if (word.startsWith("--")) {
      parseLong(word.slice(2), words, add);
    } else {
      parseShort(word.slice(1), words, add);
    }
  }
  return { values, words };
}

type Add = (name: FlagName, value: string) => void;

/** --name, --name=value, --name value. */
function parseLong(text: string, words: string[], add: Add): void {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const given = equals < 0 ? undefined : text.slice(equals + 1);
  const flag = FLAGS.find((each) => each.name === (ALIASES[name] ?? name));
  if (flag === undefined) {
    throw unknownFlag(`--${name}`, closest(name));
  }
  if (flag.value === undefined) {
    add(flag.name, parseSwitch(name, given));
    return;
  }
  const value = given ?? words.shift();
  if (value === undefined) {
    throw missingValue(`--${name}`, flag);
  }
  add(flag.name, value);
}

/** Switches may share a dash, and the last letter may take a value: -it, -m512m, -e A=1. */
function parseShort(letters: string, words: string[], add: Add): void {
  for (let index = 0; index < letters.length; index += 1) {
    const letter = letters[index] ?? "";
    const flag = FLAGS.find((each) => each.short === letter);
    if (flag === undefined) {
      throw unknownFlag(`-${letter}`, closest(letters));
    }
    if (flag.value === undefined) {
      add(flag.name, "true");
      continue;
    }
    const rest = letters.slice(index + 1).replace(/^=/, "");
    const value = rest === "" ? words.shift() : rest;
    if (value === undefined) {
      throw missingValue(`-${letter}`, flag);
    }
    add(flag.name, value);
    return;
  }
}

function parseSwitch(name: string, given: string | undefined): string {
  if (given !== undefined && given !== "true" && given !== "false") {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--${name}=${given}`,
      reason: "it is true or false",
    });
  }
  return given ?? "true";
}

function missingValue(written: string, flag: Flag): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: written,
    reason: `it needs a value: ${written} ${flag.value ?? ""}`,
    ...(written === "-h" ? { hint: "-h is the host name, as with docker; --help shows help" } : {}),
  });
}

function unknownFlag(written: string, suggestion: string | undefined): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: quote(written),
    reason: "there is no such flag",
    hint:
      suggestion === undefined
        ? "`ocicat run --help` lists them; flags of the command stand behind the image"
        : `did you mean --${suggestion}?`,
  });
}

const FARTHEST = 2;

/** The flag that is at most two letters away. */
function closest(name: string): string | undefined {
  const near = FLAGS.map((flag) => ({ name: flag.name, distance: distance(name, flag.name) }))
    .filter((each) => each.distance <= Math.min(FARTHEST, name.length - 1))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.name;
}

/** Letters to insert, to delete, to replace or to swap with their neighbour. */
function distance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const at = (line: readonly number[], index: number) => line[index] ?? 0;
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
        isSwapped ? at(beforeLast, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
