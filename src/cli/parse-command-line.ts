// Takes the words behind a command apart, as docker and podman (Go's pflag) do:
//
//   --name VALUE  --name=VALUE  --switch  --switch=false
//   -it -m512m -e A=1     switches share a dash; the last letter may take a value
//   -q=false -w=/srv      the value of the last letter, of a switch, too
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
  switchWord,
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
    const name = given.length > 1 ? this.#nameOf(given) : undefined;
    const flag = name === undefined ? undefined : this.#line.flags[name];
    if (name === undefined || flag === undefined) {
      throw this.#unknown(`--${given}`, given);
    }
    if (flag.kind === "switch") {
      this.#add(name, switchValue(`--${given}`, inline));
    } else {
      this.#add(name, inline ?? this.#nextWord(`--${given}`, flag));
    }
  }

  #takeShort(letters: string): void {
    for (let index = 0; index < letters.length; index += 1) {
      const letter = letters[index] ?? "";
      const name = this.#nameOf(letter);
      const flag = name === undefined ? undefined : this.#line.flags[name];
      if (name === undefined || flag === undefined) {
        throw this.#unknown(`-${letter}`, letters);
      }
      const rest = letters.slice(index + 1);
      if (flag.kind !== "switch") {
        const value = rest.replace(/^=/, "");
        this.#add(name, value === "" ? this.#nextWord(`-${letter}`, flag) : value);
        return;
      }
      if (rest.startsWith("=")) {
        this.#add(name, switchValue(`-${letter}`, rest.slice(1)));
        return;
      }
      this.#add(name, "true");
    }
  }

  #nameOf(given: string): string | undefined {
    const { flags } = this.#line;
    if (given.length > 1 && Object.hasOwn(flags, given)) {
      return given;
    }
    return Object.keys(flags).find((name) => flags[name]?.aliases?.includes(given));
  }

  #add(name: string, value: string): void {
    this.values.set(name, [...(this.values.get(name) ?? []), value]);
  }

  #nextWord(written: string, flag: Flag): string {
    const value = this.#words.shift();
    if (value !== undefined) {
      return value;
    }
    const hint =
      written === "-h" ? "-h is the host name, as with docker; --help shows help" : undefined;
    throw misuse(written, `it needs a value: ${written} ${flag.value ?? "VALUE"}`, hint);
  }

  /** `--it` is a slip for `-it`. */
  #areLetters(written: string, given: string): boolean {
    const isLetter = (letter: string): boolean => this.#nameOf(letter) !== undefined;
    return written.startsWith("--") && given.length === 2 && [...given].every(isLetter);
  }

  #unknown(written: string, given: string): OcicatError {
    const { refused = {}, flags, placement, command } = this.#line;
    const name = written.replace(/^--?/, "");
    const refusal = Object.hasOwn(refused, name) ? refused[name] : undefined;
    if (refusal !== undefined) {
      return misuse(written, refusal.reason, refusal.hint);
    }
    const close = closestWord(given, [...Object.keys(flags), "help"]);
    const named = close === undefined ? undefined : `--${close}`;
    const suggestion = this.#areLetters(written, given) ? `-${given}` : named;
    const where = placement === "first" ? "; flags of the command stand behind the image" : "";
    const hint =
      suggestion === undefined
        ? `\`${command} --help\` lists them${where}`
        : `did you mean ${suggestion}?`;
    return misuse(quote(written), "there is no such flag", hint);
  }
}

function misuse(subject: string, reason: string, hint?: string): OcicatError {
  const details = { operation: "use", subject, reason };
  return new OcicatError("invalid-argument", hint === undefined ? details : { ...details, hint });
}

function switchValue(written: string, inline: string | undefined): string {
  const value = switchWord(inline);
  if (value === undefined) {
    throw misuse(`${written}=${inline}`, "it is true or false");
  }
  return value;
}
