// Takes the words behind a command apart, as docker and podman (Go's pflag) do:
//
//   --name VALUE  --name=VALUE  --switch  --switch=false
//   -it -m512m -e A=1     switches share a dash; the last letter may take a value
//   --                    ends the flags
//   --help  -h            asks for help, whatever follows; -h unless the command has a flag of that letter
//
// The OCI command line reads the same tables in the way of runc: flags.ts.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { closestWord } from "../error/similar-words.ts";
import {
  type Flag,
  type FlagPlacement,
  type FlagsOf,
  type FlagTable,
  ParsedFlags,
} from "./flags.ts";

export interface CommandLine<Table extends FlagTable> {
  /** As it is typed: "ocicat image ls". */
  readonly command: string;
  readonly flags: Table;
  /** "first": what follows the first argument is the container's command, dashes and all. */
  readonly placement: FlagPlacement;
  /** Of flags that are not among them. */
  readonly refused?: Refusals | undefined;
}

/** Why something of docker's or podman's can't be had. */
export interface Refusal {
  readonly reason: string;
  readonly hint?: string;
}

/** Of flags, by their names and letters. */
export type Refusals = Readonly<Record<string, Refusal>>;

/** Undefined: help is asked for. */
export function parseCommandLine<Table extends FlagTable>(
  line: CommandLine<Table>,
  words: readonly string[],
): FlagsOf<Table> | undefined {
  const parser = new CommandLineParser(line, words);
  return parser.parse() ? new ParsedFlags(parser.args, parser.values) : undefined;
}

/** Whether -h is free to ask for help. */
export function hasHelpLetter(flags: FlagTable): boolean {
  return !Object.values(flags).some(({ aliases }) => aliases?.includes("h"));
}

class CommandLineParser {
  readonly values = new Map<string, string[]>();
  readonly args: string[] = [];
  readonly #line: CommandLine<FlagTable>;
  readonly #words: string[];

  constructor(line: CommandLine<FlagTable>, words: readonly string[]) {
    this.#line = line;
    this.#words = [...words];
  }

  /** False: help is asked for. */
  parse(): boolean {
    for (let word = this.#words.shift(); word !== undefined; word = this.#words.shift()) {
      if (word === "--help" || (word === "-h" && hasHelpLetter(this.#line.flags))) {
        return false;
      }
      this.#take(word);
    }
    return true;
  }

  #take(word: string): void {
    if (word === "--") {
      this.#takeRest();
    } else if (word.startsWith("--")) {
      this.#takeLong(word.slice(2));
    } else if (word.startsWith("-") && word !== "-") {
      this.#takeShort(word.slice(1));
    } else {
      this.args.push(word);
      if (this.#line.placement === "first") {
        this.#takeRest();
      }
    }
  }

  #takeRest(): void {
    this.args.push(...this.#words.splice(0));
  }

  #takeLong(text: string): void {
    const equals = text.indexOf("=");
    const given = equals < 0 ? text : text.slice(0, equals);
    const inline = equals < 0 ? undefined : text.slice(equals + 1);
    const name = this.#nameOf(given, (alias) => alias.length > 1);
    const flag = name === undefined ? undefined : this.#line.flags[name];
    if (name === undefined || flag === undefined) {
      throw this.#unknown(`--${given}`, given);
    }
    if (flag.kind === "switch") {
      this.#add(name, switchValue(given, inline));
    } else {
      this.#add(name, inline ?? this.#nextWord(`--${given}`, flag));
    }
  }

  #takeShort(letters: string): void {
    for (let index = 0; index < letters.length; index += 1) {
      const letter = letters[index] ?? "";
      const name = this.#nameOf(letter, (alias) => alias.length === 1);
      const flag = name === undefined ? undefined : this.#line.flags[name];
      if (name === undefined || flag === undefined) {
        throw this.#unknown(`-${letter}`, letters);
      }
      if (flag.kind !== "switch") {
        const rest = letters.slice(index + 1).replace(/^=/, "");
        this.#add(name, rest === "" ? this.#nextWord(`-${letter}`, flag) : rest);
        return;
      }
      this.#add(name, "true");
    }
  }

  #nameOf(given: string, isAlias: (alias: string) => boolean): string | undefined {
    const { flags } = this.#line;
    if (given.length > 1 && Object.hasOwn(flags, given)) {
      return given;
    }
    return Object.keys(flags).find((name) =>
      flags[name]?.aliases?.some((alias) => alias === given && isAlias(alias)),
    );
  }

  #add(name: string, value: string): void {
    this.values.set(name, [...(this.values.get(name) ?? []), value]);
  }

  #nextWord(written: string, flag: Flag): string {
    const value = this.#words.shift();
    if (value !== undefined) {
      return value;
    }
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: written,
      reason: `it needs a value: ${written} ${flag.value ?? "VALUE"}`,
      ...(written === "-h"
        ? { hint: "-h is the host name, as with docker; --help shows help" }
        : {}),
    });
  }

  /** `--it` is a slip for `-it`. */
  #areLetters(written: string, given: string): boolean {
    const isLetter = (letter: string): boolean =>
      this.#nameOf(letter, (alias) => alias.length === 1) !== undefined;
    return written.startsWith("--") && given.length === 2 && [...given].every(isLetter);
  }

  #unknown(written: string, given: string): OcicatError {
    const { refused = {} } = this.#line;
    const name = written.replace(/^--?/, "");
    if (Object.hasOwn(refused, name)) {
      const details = { operation: "use", subject: written, ...refused[name] };
      return new OcicatError("invalid-argument", details);
    }
    const suggestion = this.#areLetters(written, given)
      ? `-${given}`
      : dashed(closestWord(given, [...Object.keys(this.#line.flags), "help"]));
    const where =
      this.#line.placement === "first" ? "; flags of the command stand behind the image" : "";
    return new OcicatError("invalid-argument", {
      operation: "use",
      subject: quote(written),
      reason: "there is no such flag",
      hint:
        suggestion === undefined
          ? `\`${this.#line.command} --help\` lists them${where}`
          : `did you mean ${suggestion}?`,
    });
  }
}

function dashed(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `--${name}`;
}

function switchValue(name: string, inline: string | undefined): string {
  if (inline !== undefined && inline !== "true" && inline !== "false") {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: `--${name}=${inline}`,
      reason: "it is true or false",
    });
  }
  return inline ?? "true";
}
