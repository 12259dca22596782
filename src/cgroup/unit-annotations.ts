// Annotations `org.systemd.property.NAME` of config.json: further properties of the container's unit.
// Their values are in GVariant's text form, of which units need:
//
//   true  false  'text'  "text"  42  uint64 42  1.5  ['a', 'b']  [uint32 1, 2]
//
// A number without a type is int32, one with a point is double. NAMESec is turned into NAMEUSec.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { DBusValue, Variant } from "./dbus/values.ts";
import type { UnitProperty } from "./systemd.ts";

const PREFIX = "org.systemd.property.";
const SECOND_US = 1_000_000;

const TYPE_WORDS: Readonly<Record<string, string>> = {
  boolean: "b",
  byte: "y",
  int16: "n",
  uint16: "q",
  int32: "i",
  uint32: "u",
  int64: "x",
  uint64: "t",
  double: "d",
  objectpath: "o",
  signature: "g",
};

/** The pieces of a value: punctuation, quoted text, words and numbers. */
const TOKEN =
  /\s*(?:([[\],])|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([A-Za-z][A-Za-z0-9]*)|([-+]?[0-9][0-9A-Fa-fx.]*))/y;

export function annotationProperties(
  annotations: Readonly<Record<string, string>>,
): UnitProperty[] {
  return Object.entries(annotations)
    .filter(([key]) => key.startsWith(PREFIX))
    .map(([key, text]) => {
      const name = key.slice(PREFIX.length);
      if (!/^[A-Za-z]{3,}$/.test(name)) {
        throw wrongAnnotation(key, text, "a property's name has only letters, three at least");
      }
      const value = parseVariant(text);
      if (value === undefined) {
        throw wrongAnnotation(key, text, "its value is none that systemd takes");
      }
      return /[a-z]Sec$/.test(name) ? inMicroseconds(key, name, value) : [name, value];
    });
}

function wrongAnnotation(key: string, text: string, reason: string): OcicatError {
  const subject = `the annotation ${quote(key)} with ${quote(text)}`;
  return new OcicatError("invalid-config", { operation: "use", subject, reason });
}

function inMicroseconds(key: string, name: string, { signature, value }: Variant): UnitProperty {
  if (typeof value !== "number") {
    throw wrongAnnotation(key, `${signature} ${String(value)}`, "a time is a number of seconds");
  }
  const microseconds = Math.trunc(value * SECOND_US);
  return [name.replace(/Sec$/, "USec"), { signature: "t", value: microseconds }];
}

interface Token {
  readonly kind: "punctuation" | "text" | "word" | "number";
  readonly text: string;
}

function tokensOf(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text);
    if (match === null) {
      return undefined;
    }
    const [, punctuation, single, double, word, number] = match;
    const quoted = single ?? double;
    if (punctuation !== undefined) {
      tokens.push({ kind: "punctuation", text: punctuation });
    } else if (quoted !== undefined) {
      tokens.push({ kind: "text", text: quoted.replaceAll(/\\(.)/g, "$1") });
    } else if (word !== undefined) {
      tokens.push({ kind: "word", text: word });
    } else {
      tokens.push({ kind: "number", text: number ?? "" });
    }
  }
  return tokens;
}

/** Undefined for a text that is no value. */
export function parseVariant(text: string): Variant | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined || tokens.length === 0) {
    return undefined;
  }
  const [first] = tokens;
  if (first?.kind !== "punctuation") {
    return parseScalar(tokens);
  }
  const last = tokens.at(-1);
  return first.text === "[" && last?.text === "]" ? parseArray(tokens.slice(1, -1)) : undefined;
}

/** Elements of one type; the first says which. */
function parseArray(tokens: readonly Token[]): Variant | undefined {
  const values: DBusValue[] = [];
  let type: string | undefined;
  let element: Token[] = [];
  for (const token of [...tokens, { kind: "punctuation", text: "," } as const]) {
    if (token.kind !== "punctuation") {
      element.push(token);
      continue;
    }
    const parsed = parseScalar(element, type);
    if (parsed === undefined || token.text !== ",") {
      return undefined;
    }
    type = parsed.signature;
    values.push(parsed.value);
    element = [];
  }
  return { signature: `a${type ?? "s"}`, value: values };
}

function parseScalar(tokens: readonly Token[], expected?: string): Variant | undefined {
  const [first, second] = tokens;
  if (first === undefined || tokens.length > 2) {
    return undefined;
  }
  if (second !== undefined) {
    const type = TYPE_WORDS[first.text];
    return first.kind === "word" && type !== undefined ? scalar(second, type) : undefined;
  }
  return scalar(first, expected);
}

function scalar({ kind, text }: Token, type: string | undefined): Variant | undefined {
  if (kind === "text") {
    const signature = type ?? "s";
    return "sog".includes(signature) ? { signature, value: text } : undefined;
  }
  if (kind === "word") {
    const isFlag = (text === "true" || text === "false") && (type ?? "b") === "b";
    return isFlag ? { signature: "b", value: text === "true" } : undefined;
  }
  const value = Number(text);
  const signature = type ?? (text.includes(".") ? "d" : "i");
  return Number.isNaN(value) || "sogb".includes(signature) ? undefined : { signature, value };
}
