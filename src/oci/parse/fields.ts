// Reads the properties of one JSON object and reports what is wrong with them. A parser of this
// folder is a list of such reads, followed by the rules that tie properties together.
//
// The document is checked where it lies and then passed on, not copied. Two things are changed in
// it, so that nobody after the parser has to know them: null counts as absent, as does the empty
// string (Go's `omitempty` makes them equal); both are removed.
//
// Every start of a container pays for this code in an engine that has just begun and compiles
// nothing: no regular expressions here, and no find, some or every, which the engine would have to
// compile first.
//
// Properties that no read names are ignored, as the specification demands. A path is put together
// only when there is a fault to tell.

import { placeOf, type Report } from "./report.ts";
import {
  type IntegerRange,
  integerProblem,
  isInexact,
  mustBe,
  noneOf,
  uint64Problem,
} from "./scalars.ts";

/** Says what is wrong with a text, or nothing. */
export type TextRule = (value: string) => string | undefined;

/** Entries of one array or object. */
const ENTRIES_MAX = 65_536;
type Properties = Record<string, unknown>;

export class Fields {
  readonly report: Report;
  readonly #properties: Properties;
  readonly #parent: Fields | undefined;
  /** How the parent names this object: `linux`, `mounts[3]`, `rdma["mlx5_1"]`. */
  readonly #name: string;
  readonly #entry: number | string | undefined;

  private constructor(
    report: Report,
    properties: Properties,
    place: { parent?: Fields; name: string; entry?: number | string },
  ) {
    this.report = report;
    this.#properties = properties;
    this.#parent = place.parent;
    this.#name = place.name;
    this.#entry = place.entry;
  }

  /** The document itself. Reports when it is no object. */
  static of(value: unknown, path: string, report: Report): Fields | undefined {
    if (isProperties(value)) {
      return new Fields(report, value, { name: path });
    }
    report.fault(path, mustBe("an object", value));
    return undefined;
  }

  get path(): string {
    const own = placeOf(this.#name, this.#entry);
    const outer = this.#parent?.path ?? "";
    return outer === "" ? own : `${outer}.${own}`;
  }

  fault(name: string, reason: string, entry?: number | string): void {
    this.report.fault(this.#pathOf(name, entry), reason);
  }

  warn(name: string, reason: string, entry?: number | string): void {
    this.report.warn(this.#pathOf(name, entry), reason);
  }

  has(name: string): boolean {
    return this.#take(name) !== undefined;
  }

  required(...names: string[]): void {
    for (const name of names) {
      const value = this.#take(name);
      if (value === undefined || value === "") {
        this.fault(name, "required");
      }
    }
  }

  flag(name: string): boolean | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === "boolean") {
      return value;
    }
    this.#mustBe(name, "true or false", value);
    return undefined;
  }

  text(name: string, rule?: TextRule): string | undefined {
    const value = this.#take(name);
    if (value === undefined) {
      return undefined;
    }
    if (value === "") {
      Reflect.deleteProperty(this.#properties, name);
      return undefined;
    }
    return this.#isText(value, rule, name) ? value : undefined;
  }

  /** A text that is one of `choices`. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) {
      return undefined;
    }
    const index = choices.indexOf(value as T);
    if (index < 0) {
      this.fault(name, noneOf(value, choices));
    }
    return choices[index];
  }

  texts(name: string, rule?: TextRule): readonly string[] | undefined {
    const values = this.#array(name);
    if (values === undefined) {
      return undefined;
    }
    let index = 0;
    let allRight = true;
    const needsNoLook = rule === undefined && this.report.hasSoundTexts;
    for (const value of values) {
      if (!needsNoLook || typeof value !== "string") {
        allRight = this.#isText(value, rule, name, index) && allRight;
      }
      index += 1;
    }
    return allRight ? (values as string[]) : undefined;
  }

  choices(name: string, choices: readonly string[]): readonly string[] | undefined {
    return this.texts(name, (value) =>
      choices.includes(value) ? undefined : noneOf(value, choices),
    );
  }

  integer(name: string, min: number, max: number): number | undefined {
    const value = this.#take(name);
    return value === undefined || this.#isInteger(value, { min, max }, name) ? value : undefined;
  }

  integers(name: string, min: number, max: number): void {
    const range = { min, max };
    let index = 0;
    for (const value of this.#array(name) ?? []) {
      this.#isInteger(value, range, name, index);
      index += 1;
    }
  }

  /** An unsigned 64-bit number of which every digit counts. */
  uint64(name: string): number | bigint | undefined {
    const value = this.#take(name);
    if (value === undefined) {
      return undefined;
    }
    this.report.hasInexactNumber ||= isInexact(value);
    const problem = uint64Problem(value);
    if (problem !== undefined) {
      this.fault(name, problem);
      return undefined;
    }
    return value as number | bigint;
  }

  /** An object among the properties, read by `check`. */
  object(name: string, check: (fields: Fields) => void): void {
    const value = this.#take(name);
    if (value === undefined) {
      return;
    }
    if (!isProperties(value)) {
      this.#mustBe(name, "an object", value);
      return;
    }
    check(new Fields(this.report, value, { parent: this, name }));
  }

  /** An array of objects, each read by `check`. */
  objects(name: string, check: (fields: Fields, index: number) => void): void {
    let index = 0;
    for (const value of this.#array(name) ?? []) {
      this.#entryObject(value, name, index, check);
      index += 1;
    }
  }

  /** An object whose keys are data and whose values are objects, each read by `check`. */
  record(name: string, check: (fields: Fields, key: string) => void): void {
    this.#eachKey(name, (key, value) => this.#entryObject(value, name, key, check));
  }

  /** An object of texts whose keys are data; `check` says what is wrong with an entry. */
  textRecord(name: string, check?: (key: string, value: string) => string | undefined): void {
    this.#eachKey(name, (key, value) => {
      this.#isText(value, (text) => check?.(key, text), name, key);
    });
  }

  /** An object of which only the keys count. */
  keys(name: string): void {
    this.#eachKey(name, () => undefined);
  }

  /** A value that is passed on unread. */
  opaque(name: string): unknown {
    return this.#take(name);
  }

  /** Gives an absent property its default. */
  fillIn(name: string, value: unknown): void {
    if (this.#take(name) === undefined) {
      this.#properties[name] = value;
    }
  }

  #take(name: string): unknown {
    const value = this.#properties[name];
    if (value === null) {
      Reflect.deleteProperty(this.#properties, name);
      return undefined;
    }
    return value;
  }

  #array(name: string): readonly unknown[] | undefined {
    const value = this.#take(name);
    if (value === undefined) {
      return undefined;
    }
    if (!Array.isArray(value)) {
      this.#mustBe(name, "an array", value);
      return undefined;
    }
    return this.#fits(name, value.length) ? value : undefined;
  }

  #eachKey(name: string, visit: (key: string, value: unknown) => void): void {
    const value = this.#take(name);
    if (value === undefined) {
      return;
    }
    if (!isProperties(value)) {
      this.#mustBe(name, "an object", value);
      return;
    }
    const keys = Object.keys(value);
    if (!this.#fits(name, keys.length)) {
      return;
    }
    for (const key of keys) {
      const problem = this.report.textProblem(key);
      if (problem !== undefined) {
        this.fault(name, problem, key);
      }
      visit(key, value[key]);
    }
  }

  #entryObject<Key extends number | string>(
    value: unknown,
    name: string,
    entry: Key,
    check: (fields: Fields, entry: Key) => void,
  ): void {
    if (isProperties(value)) {
      check(new Fields(this.report, value, { parent: this, name, entry }), entry);
    } else {
      this.#mustBe(name, "an object", value, entry);
    }
  }

  #fits(name: string, length: number): boolean {
    if (length <= ENTRIES_MAX) {
      return true;
    }
    this.fault(name, `has ${length} entries, more than ${ENTRIES_MAX}`);
    return false;
  }

  #isText(
    value: unknown,
    rule: TextRule | undefined,
    name: string,
    entry?: number | string,
  ): value is string {
    if (typeof value !== "string") {
      this.#mustBe(name, "a string", value, entry);
      return false;
    }
    const problem = this.report.textProblem(value) ?? rule?.(value);
    if (problem === undefined) {
      return true;
    }
    this.fault(name, problem, entry);
    return false;
  }

  #isInteger(value: unknown, range: IntegerRange, name: string, entry?: number): value is number {
    const problem = integerProblem(value, range);
    if (problem !== undefined) {
      this.fault(name, problem, entry);
    }
    return problem === undefined;
  }

  #mustBe(name: string, expected: string, value: unknown, entry?: number | string): void {
    this.fault(name, mustBe(expected, value), entry);
  }

  #pathOf(name: string, entry: number | string | undefined): string {
    const own = this.path;
    const place = placeOf(name, entry);
    return own === "" ? place : `${own}.${place}`;
  }
}

function isProperties(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
