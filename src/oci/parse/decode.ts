// From a text, or a value that was JSON, to a document that a check has found sound.

import { OcicatError } from "../../error/ocicat-error.ts";
import { Fields } from "./fields.ts";
import { type ParseOptions, Report } from "./report.ts";
import { TEXT_LENGTH_MAX } from "./scalars.ts";

/** Reads a document and reports what is wrong with it. */
export type Check = (fields: Fields) => void;

export function parse(value: unknown, at: string, check: Check, options: ParseOptions): unknown {
  const report = new Report();
  run(value, at, check, report);
  report.close(options);
  return value;
}

export function decode(text: string, at: string, check: Check, options: ParseOptions): unknown {
  const value = parseJson(text, options);
  const report = new Report();
  // JSON can write a NUL byte in no other way than this.
  report.hasSoundTexts = text.length <= TEXT_LENGTH_MAX && !text.includes("\\u0000");
  run(value, at, check, report);
  if (report.hasInexactNumber) {
    return parse(parseJson(text, options, keepDigits), at, check, options);
  }
  report.close(options);
  return value;
}

function run(value: unknown, at: string, check: Check, report: Report): void {
  const fields = Fields.of(value, at, report);
  if (fields !== undefined) {
    check(fields);
  }
}

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

function parseJson(text: string, options: ParseOptions, reviver?: Reviver): unknown {
  try {
    return reviver === undefined ? JSON.parse(text) : JSON.parse(text, reviver);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OcicatError("invalid-config", {
      operation: "parse",
      subject: options.subject ?? "config.json",
      reason: `not JSON: ${reason}`,
      cause: error,
      faults: [{ path: "", reason }],
    });
  }
}

/** The properties of type Uint64. Elsewhere a rounded number says the same. */
const EXACT_NUMBERS: ReadonlySet<string> = new Set([
  "hard",
  "soft",
  "value",
  "valueTwo",
  "runtime",
  "deadline",
  "period",
]);

function keepDigits(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isRounded = typeof value === "number" && value > Number.MAX_SAFE_INTEGER;
  const digits = context?.source ?? "";
  return isRounded && EXACT_NUMBERS.has(key) && /^\d+$/.test(digits) ? BigInt(digits) : value;
}
