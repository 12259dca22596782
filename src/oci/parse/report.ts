// What a parser has found wrong with a document: faults refuse it, warnings do not. All of them are
// collected, so that one error tells everything there is to mend.

import { type Fault, OcicatError, quote } from "../../error/ocicat-error.ts";

export interface ParseOptions {
  /** What the error text calls the document; "config.json" when absent. */
  readonly subject?: string;
  /** Receives what is deprecated, unknown or without effect. */
  readonly warnings?: Fault[];
}

/** A hostile document can have a fault in each of its entries; the error counts the rest. */
const LISTED_FAULTS_MAX = 1000;

export class Report {
  /**
   * A 64-bit number, where every digit counts, was read as a JavaScript number that cannot hold it.
   */
  hasInexactNumber = false;
  /** No text of the document has a NUL byte or is absurdly long; nobody needs to look again. */
  hasSoundTexts = false;
  #faultCount = 0;
  readonly #faults: Fault[] = [];
  readonly #warnings: Fault[] = [];

  get isClean(): boolean {
    return this.#faultCount === 0;
  }

  fault(path: string, reason: string): void {
    this.#faultCount += 1;
    if (this.#faults.length < LISTED_FAULTS_MAX) {
      this.#faults.push({ path, reason });
    }
  }

  warn(path: string, reason: string): void {
    if (this.#warnings.length < LISTED_FAULTS_MAX) {
      this.#warnings.push({ path, reason });
    }
  }

  /** Throws if there was a fault; else hands the warnings over. */
  close(options: ParseOptions): void {
    if (this.#faultCount > 0) {
      throw new OcicatError("invalid-config", {
        operation: "parse",
        subject: options.subject ?? "config.json",
        reason: this.#text(),
        faults: this.#faults,
      });
    }
    options.warnings?.push(...this.#warnings);
  }

  #text(): string {
    const lines = [this.#faultCount === 1 ? "1 fault" : `${this.#faultCount} faults`];
    for (const { path, reason } of this.#faults) {
      lines.push(path === "" ? reason : `${path}: ${reason}`);
    }
    if (this.#faultCount > this.#faults.length) {
      lines.push(`and ${this.#faultCount - this.#faults.length} more`);
    }
    return lines.join("\n  ");
  }
}

const SHOWN_LENGTH_MAX = 80;

/** A string of the document as a fault quotes it. */
export function shown(value: string): string {
  return quote(value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}...` : value);
}

/** "a string", "an array": what a value is, for a fault about its type. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  if (Array.isArray(value)) {
    return "an array";
  }
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
