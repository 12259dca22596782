// What a parser has found wrong with a document: faults refuse it, warnings do not. All of them are
// collected, so that one error tells everything there is to mend.

import { type Fault, OcicatError } from "../../error/ocicat-error.ts";
import { shown, textProblem } from "./scalars.ts";

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

  textProblem(value: string): string | undefined {
    return this.hasSoundTexts ? undefined : textProblem(value);
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

/** `mounts[3]`, `sysctl["net.core.somaxconn"]`: an entry of a property, as a path names it. */
export function placeOf(name: string, entry: number | string | undefined): string {
  if (entry === undefined) {
    return name;
  }
  return typeof entry === "number" ? `${name}[${entry}]` : `${name}[${shown(entry)}]`;
}
