// Reads the properties of one object of a Kubernetes document, and remembers which were read: the others
// are named in warnings, so that nothing which a file asks for is left out in silence.

import type { Fault } from "../../error/ocicat-error.ts";

/** What is wrong with a document, and what of it is ignored. */
export class KubeReport {
  readonly faults: Fault[] = [];
  readonly warnings: string[] = [];
}

type Properties = ReadonlyMap<string, unknown>;

/** Entries of one list or map. */
const MOST_ENTRIES = 10_000;

export class KubeFields {
  readonly path: string;
  readonly report: KubeReport;
  readonly #properties: Properties;
  readonly #read = new Set<string>();

  constructor(value: unknown, path: string, report: KubeReport) {
    this.path = path;
    this.report = report;
    this.#properties = propertiesOf(value) ?? new Map();
    if (propertiesOf(value) === undefined) {
      report.faults.push({ path: path === "" ? "the document" : path, reason: "it is no mapping" });
    }
  }

  pathOf(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }

  fault(name: string, reason: string): void {
    this.report.faults.push({ path: this.pathOf(name), reason });
  }

  warn(name: string, reason: string): void {
    this.report.warnings.push(`${this.pathOf(name)}: ${reason}`);
  }

  /** Read by nobody, and no reason for a warning. */
  skip(...names: readonly string[]): void {
    for (const name of names) {
      this.#read.add(name);
    }
  }

  /** Warns of every property that nobody has read. */
  end(): void {
    for (const [name, value] of this.#properties) {
      if (!this.#read.has(name) && !isAbsent(value)) {
        this.warn(name, "it is ignored");
      }
    }
  }

  has(name: string): boolean {
    return !isAbsent(this.#properties.get(name));
  }

  text(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === "string") {
      return value;
    }
    this.fault(name, "it is no text: put it in quotes");
    return undefined;
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") {
      this.fault(name, "required");
      return "";
    }
    return value;
  }

  /** A whole number. */
  integer(name: string, lowest = 0, highest = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.#take(name);
    const isFit = typeof value === "number" && Number.isInteger(value);
    if (value === undefined || (isFit && value >= lowest && value <= highest)) {
      return typeof value === "number" ? value : undefined;
    }
    this.fault(name, `it is no whole number from ${lowest} to ${highest}`);
    return undefined;
  }

  flag(name: string): boolean {
    const value = this.#take(name) ?? false;
    if (typeof value === "boolean") {
      return value;
    }
    this.fault(name, "it is neither true nor false");
    return false;
  }

  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(name);
    const found = choices.find((choice) => choice === value);
    if (value !== undefined && found === undefined) {
      this.fault(name, `it is none of ${choices.join(", ")}`);
    }
    return found;
  }

  /** A text or a number, as quantities are. */
  quantity(name: string): string | undefined {
    const value = this.#take(name);
    if (value === undefined || typeof value === "string" || typeof value === "number") {
      return value === undefined ? undefined : String(value);
    }
    this.fault(name, "it is no quantity");
    return undefined;
  }

  object(name: string): KubeFields | undefined {
    const value = this.#take(name);
    return value === undefined ? undefined : new KubeFields(value, this.pathOf(name), this.report);
  }

  objects(name: string): readonly KubeFields[] {
    return this.#list(name).map(
      (value, index) => new KubeFields(value, `${this.pathOf(name)}[${index}]`, this.report),
    );
  }

  /** Undefined where there is none: an empty list may mean something else. */
  texts(name: string): readonly string[] | undefined {
    if (!this.has(name)) {
      return undefined;
    }
    return this.#list(name).flatMap((value, index) => {
      if (typeof value === "string") {
        return [value];
      }
      this.fault(`${name}[${index}]`, "it is no text: put it in quotes");
      return [];
    });
  }

  integers(name: string): readonly number[] {
    return this.#list(name).flatMap((value, index) => {
      if (typeof value === "number" && Number.isInteger(value) && value >= 0) {
        return [value];
      }
      this.fault(`${name}[${index}]`, "it is no whole number");
      return [];
    });
  }

  textMap(name: string): Readonly<Record<string, string>> {
    const properties = propertiesOf(this.#take(name) ?? {});
    if (properties === undefined || properties.size > MOST_ENTRIES) {
      this.fault(name, `it is no mapping of at most ${MOST_ENTRIES} entries`);
      return {};
    }
    const texts = [...properties].flatMap(([key, value]) => {
      if (typeof value === "string") {
        return [[key, value] as const];
      }
      this.fault(`${name}.${key}`, "it is no text: put it in quotes");
      return [];
    });
    return Object.fromEntries(texts);
  }

  #list(name: string): readonly unknown[] {
    const value = this.#take(name);
    if (value === undefined) {
      return [];
    }
    if (!Array.isArray(value) || value.length > MOST_ENTRIES) {
      this.fault(name, `it is no list of at most ${MOST_ENTRIES} entries`);
      return [];
    }
    return value;
  }

  #take(name: string): unknown {
    this.#read.add(name);
    const value = this.#properties.get(name);
    return isAbsent(value) ? undefined : value;
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function propertiesOf(value: unknown): Properties | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? new Map(Object.entries(value))
    : undefined;
}
