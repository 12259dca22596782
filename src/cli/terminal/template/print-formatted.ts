// printf of templates: the verbs and flags of Go's fmt that make sense for JSON's values.

import { isRecord, printValue } from "./values.ts";

const DIRECTIVE =
  /%(?<flags>[-+# 0]*)(?<width>\d+|\*)?(?:(?<point>\.)(?<precision>\d+|\*)?)?(?<verb>[a-zA-Z%])/g;

interface Directive {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly verb: string;
}

export function printFormatted(format: string, values: readonly unknown[]): string {
  const waiting = [...values];
  let text = "";
  let end = 0;
  for (const matched of format.matchAll(DIRECTIVE)) {
    text += format.slice(end, matched.index);
    end = matched.index + matched[0].length;
    const directive = readDirective(matched.groups ?? {}, waiting);
    text += directive.verb === "%" ? "%" : printNext(directive, waiting);
  }
  text += format.slice(end);
  const extra = waiting.map((value) => `${goType(value)}=${printValue(value)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
}

/** A star takes the next value. */
function readDirective(
  groups: Readonly<Record<string, string | undefined>>,
  waiting: unknown[],
): Directive {
  const number = (text: string | undefined): number =>
    Number(text === "*" ? waiting.shift() : (text ?? 0));
  const { flags = "", width, point, precision, verb = "" } = groups;
  return {
    flags,
    width: number(width),
    precision: point === undefined ? undefined : number(precision),
    verb,
  };
}

function printNext(directive: Directive, waiting: unknown[]): string {
  return waiting.length === 0
    ? `%!${directive.verb}(MISSING)`
    : pad(formatOne(directive, waiting.shift()), directive);
}

function pad(text: string, { flags, width, verb }: Directive): string {
  if (flags.includes("-")) {
    return text.padEnd(width);
  }
  const isNumeric = /[dfeEgGxXob]/.test(verb);
  if (!flags.includes("0") || !isNumeric) {
    return text.padStart(width);
  }
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}

function formatOne(directive: Directive, value: unknown): string {
  const { verb } = directive;
  if (typeof value === "number") {
    return formatNumber(directive, value);
  }
  if (typeof value === "string") {
    return formatText(directive, value);
  }
  if (verb === "v" || verb === "s" || (verb === "t" && typeof value === "boolean")) {
    return printValue(value);
  }
  return `%!${verb}(${goType(value)}=${printValue(value)})`;
}

function formatText({ verb, precision }: Directive, value: string): string {
  switch (verb) {
    case "v":
    case "s":
      return precision === undefined ? value : [...value].slice(0, precision).join("");
    case "q":
      return JSON.stringify(value);
    case "x":
      return new TextEncoder().encode(value).toHex();
    case "X":
      return new TextEncoder().encode(value).toHex().toUpperCase();
    default:
      return `%!${verb}(string=${value})`;
  }
}

function formatNumber(directive: Directive, value: number): string {
  const { flags, verb, precision } = directive;
  const signed = (text: string): string => (flags.includes("+") && value >= 0 ? `+${text}` : text);
  const prefix = (letters: string): string => (flags.includes("#") ? letters : "");
  switch (verb) {
    case "v":
    case "g":
    case "G":
      return signed(precision === undefined ? printValue(value) : shortNumber(value, precision));
    case "f":
    case "F":
      return signed(value.toFixed(precision ?? 6));
    case "e":
      return signed(value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, "e$10$2"));
    default:
      return Number.isInteger(value)
        ? signed(formatInteger(verb, value, prefix))
        : `%!${verb}(float64=${printValue(value)})`;
  }
}

function shortNumber(value: number, precision: number): string {
  return String(Number(value.toPrecision(Math.max(precision, 1))));
}

function formatInteger(verb: string, value: number, prefix: (letters: string) => string): string {
  switch (verb) {
    case "d":
      return String(value);
    case "x":
      return prefix("0x") + value.toString(16);
    case "X":
      return prefix("0X") + value.toString(16).toUpperCase();
    case "o":
      return prefix("0") + value.toString(8);
    case "b":
      return prefix("0b") + value.toString(2);
    case "c":
      return String.fromCodePoint(value);
    case "q":
      return `'${String.fromCodePoint(value)}'`;
    case "U":
      return `U+${value.toString(16).toUpperCase().padStart(4, "0")}`;
    default:
      return `%!${verb}(int=${value})`;
  }
}

function goType(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(value) ? "int" : "float64";
    default:
      return isRecord(value) ? "map[string]interface {}" : "[]interface {}";
  }
}
