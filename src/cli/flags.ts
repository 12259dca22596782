// Command line flags as Go's flag package and urfave/cli read them, which is what runc's callers write:
//
//   --name  -name          a switch; --name=false takes it back
//   --name VALUE --name=VALUE
//   --                     ends the flags
//
// A command's flags are a table; what is read from it is typed by it.

import { OcicatError, quote } from "../error/ocicat-error.ts";

export type FlagKind =
  | "switch"
  | "text"
  /** May be given several times. */
  | "list";

export interface Flag {
  readonly kind: FlagKind;
  /** Other names: "d" for --detach. */
  readonly aliases?: readonly string[];
  /** What help calls the value. */
  readonly value?: string;
  readonly help: string;
  /** An empty value is as if it were not given: a script's variable that nobody has set. */
  readonly mayBeEmpty?: true;
}

export type FlagTable = Readonly<Record<string, Flag>>;

type NamesOf<Table extends FlagTable, Kind extends FlagKind> = {
  [Name in keyof Table]: Table[Name]["kind"] extends Kind ? Name : never;
}[keyof Table] &
  string;

/** Where flags may stand: before the first argument alone, or anywhere among the arguments. */
export type FlagPlacement = "first" | "anywhere";

export class ParsedFlags<Switches extends string, Texts extends string, Lists extends string> {
  /** What is no flag. */
  readonly args: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(args: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.args = args;
    this.#values = values;
  }

  /** Of all flags that are given. */
  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  isSet(name: Switches | Texts | Lists): boolean {
    return this.#values.has(name);
  }

  /** False where it is not given. */
  switch(name: Switches): boolean {
    return this.#values.get(name)?.at(-1) === "true";
  }

  /** The last one counts. */
  text(name: Texts): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  list(name: Lists): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** A decimal integer, or hexadecimal or octal as Go's strconv reads them. */
  integer(name: Texts): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parseInteger(name, text);
  }
}

/** What was given of a table's flags: each is asked for by its name and as its kind. */
export type FlagsOf<Table extends FlagTable> = ParsedFlags<
  NamesOf<Table, "switch">,
  NamesOf<Table, "text">,
  NamesOf<Table, "list">
>;

function parseInteger(name: string, text: string): number {
  const isInteger = /^[+-]?(?:\d+|0x[0-9a-f]+|0o[0-7]+)$/i.test(text);
  const value = Number(text.replace(/^[+-]/, ""));
  if (!isInteger || Number.isNaN(value)) {
    throw usageError(`invalid value ${quote(text)} for flag -${name}: it is not an integer`);
  }
  return text.startsWith("-") ? -value : value;
}

/** Words that make no sense, some of which are only found when the command has begun. */
export class UsageError extends OcicatError {}

export function usageError(reason: string): UsageError {
  return new UsageError("invalid-argument", {
    operation: "parse",
    subject: "the command line",
    reason,
  });
}

export function parseFlags<Table extends FlagTable>(
  table: Table,
  words: readonly string[],
  placement: FlagPlacement,
): FlagsOf<Table> {
  const parser = new FlagParser(table, words);
  parser.parse(placement);
  parser.forgetEmpty();
  return new ParsedFlags(parser.args, parser.values);
}

class FlagParser {
  readonly values = new Map<string, string[]>();
  readonly args: string[] = [];
  readonly #table: FlagTable;
  readonly #words: readonly string[];
  #next = 0;

  constructor(table: FlagTable, words: readonly string[]) {
    this.#table = table;
    this.#words = words;
  }

  parse(placement: FlagPlacement): void {
    while (this.#next < this.#words.length) {
      const word = this.#words[this.#next] ?? "";
      this.#next += 1;
      if (word === "--") {
        this.#takeRest();
      } else if (this.#isFlag(word)) {
        this.#takeFlag(word);
      } else if (placement === "first") {
        this.args.push(word);
        this.#takeRest();
      } else {
        this.args.push(word);
      }
    }
  }

  forgetEmpty(): void {
    for (const [name, values] of this.values) {
      if (this.#table[name]?.mayBeEmpty === true && values.at(-1) === "") {
        this.values.delete(name);
      }
    }
  }

  #takeRest(): void {
    this.args.push(...this.#words.slice(this.#next));
    this.#next = this.#words.length;
  }

  /** Behind an argument, a word with a dash that is no flag is an argument: `kill ID -9`. */
  #isFlag(word: string): boolean {
    const looksLikeOne = word.length > 1 && word.startsWith("-");
    return looksLikeOne && (this.args.length === 0 || this.#nameOf(word) !== undefined);
  }

  #takeFlag(word: string): void {
    const given = word.replace(/^--?/, "");
    const name = this.#nameOf(word);
    const flag = name === undefined ? undefined : this.#table[name];
    if (name === undefined || flag === undefined) {
      throw usageError(`flag provided but not defined: -${given.split("=")[0]}`);
    }
    const equals = given.indexOf("=");
    const inline = equals < 0 ? undefined : given.slice(equals + 1);
    const value = flag.kind === "switch" ? switchValue(name, inline) : this.#value(given, inline);
    this.values.set(name, [...(this.values.get(name) ?? []), value]);
  }

  #value(given: string, inline: string | undefined): string {
    if (inline !== undefined) {
      return inline;
    }
    const value = this.#words[this.#next];
    if (value === undefined) {
      throw usageError(`flag needs an argument: -${given}`);
    }
    this.#next += 1;
    return value;
  }

  #nameOf(word: string): string | undefined {
    const [given = ""] = word.replace(/^--?/, "").split("=", 1);
    if (Object.hasOwn(this.#table, given)) {
      return given;
    }
    return Object.keys(this.#table).find((name) => this.#table[name]?.aliases?.includes(given));
  }
}

/** As Go's strconv.ParseBool reads it; of nothing, true. Undefined: it is neither. */
export function switchWord(inline = "true"): string | undefined {
  if (/^(1|t|true)$/i.test(inline)) {
    return "true";
  }
  return /^(0|f|false)$/i.test(inline) ? "false" : undefined;
}

function switchValue(name: string, inline: string | undefined): string {
  const value = switchWord(inline);
  if (value === undefined) {
    throw usageError(`invalid boolean value ${quote(inline ?? "")} for -${name}`);
  }
  return value;
}
