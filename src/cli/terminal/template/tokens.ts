// Takes a template apart: text, and inside {{ }} words and signs. `{{- ` and ` -}}` trim the text beside
// them, {{/* */}} is a comment. Text has \t and \n for tab and newline, as docker's templates do.

import { templateError } from "./template-error.ts";

export type TokenKind =
  | "text"
  /** {{ and }} */
  | "open"
  | "close"
  /** .Name, without the dot */
  | "field"
  | "dot"
  /** $name, with the dollar */
  | "variable"
  | "word"
  | "string"
  | "number"
  /** | ( ) , := = */
  | "sign";

export interface Token {
  readonly kind: TokenKind;
  /** What the token means: a string without its quotes. */
  readonly text: string;
  readonly offset: number;
  readonly end: number;
}

const OPEN = /\{\{(?:-(?=\s))?/g;
const COMMENT = /\/\*[\s\S]*?\*\//y;
const CLOSE = /\s+-\}\}|\s*\}\}/y;
const SPACE = /\s+/y;

interface Rule {
  readonly kind: TokenKind;
  readonly pattern: RegExp;
  readonly read: (matched: string) => string | undefined;
}

const asIs = (matched: string): string => matched;

/** The first that matches. */
const RULES: readonly Rule[] = [
  { kind: "field", pattern: /\.[\p{L}_][\p{L}\p{N}_]*/uy, read: (matched) => matched.slice(1) },
  { kind: "number", pattern: /[+-]?(?:0[xX][\da-fA-F]+|\d*\.?\d+(?:[eE][+-]?\d+)?)/y, read: asIs },
  { kind: "dot", pattern: /\./y, read: asIs },
  { kind: "variable", pattern: /\$[\p{L}\p{N}_]*/uy, read: asIs },
  { kind: "word", pattern: /[\p{L}_][\p{L}\p{N}_]*/uy, read: asIs },
  { kind: "string", pattern: /"(?:\\.|[^"\\\n])*"/y, read: unquote },
  { kind: "string", pattern: /`[^`]*`/y, read: (matched) => matched.slice(1, -1) },
  { kind: "number", pattern: /'(?:\\.[^']*|[^'\\\n])'/uy, read: characterCode },
  { kind: "sign", pattern: /:=|[|(),=]/y, read: asIs },
];

export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  let trimsNext = false;
  while (offset < source.length) {
    OPEN.lastIndex = offset;
    const open = OPEN.exec(source);
    const end = open?.index ?? source.length;
    const text = trimmed(source.slice(offset, end), trimsNext, open?.[0].startsWith("{{-"));
    if (text !== "") {
      tokens.push({ kind: "text", text: unescapeText(text), offset, end });
    }
    if (open === null) {
      break;
    }
    const action = new ActionReader(source, end, end + open[0].length);
    action.read();
    tokens.push(...action.tokens);
    offset = action.offset;
    trimsNext = action.trimsNext;
  }
  return tokens;
}

function trimmed(text: string, start: boolean, end = false): string {
  const started = start ? text.trimStart() : text;
  return end ? started.trimEnd() : started;
}

function unescapeText(text: string): string {
  return text.replaceAll("\\t", "\t").replaceAll("\\n", "\n");
}

/** From {{ to }}. */
class ActionReader {
  readonly tokens: Token[] = [];
  offset: number;
  trimsNext = false;
  readonly #source: string;
  readonly #start: number;

  constructor(source: string, start: number, offset: number) {
    this.#source = source;
    this.#start = start;
    this.offset = offset;
  }

  read(): void {
    this.#take(SPACE);
    if (this.#take(COMMENT) !== undefined) {
      if (!this.#takeClose()) {
        throw this.#fault("a comment ends with */}}");
      }
      return;
    }
    this.tokens.push(this.#token("open", "{{", this.#start));
    while (!this.#takeClose()) {
      if (this.#isAtEnd()) {
        this.offset = this.#start;
        throw this.#fault("it is not closed by }}", 2);
      }
      this.#take(SPACE);
      this.#takeToken();
    }
    this.tokens.push(this.#token("close", "}}", this.offset - 2));
  }

  #isAtEnd(): boolean {
    return this.#source.slice(this.offset).trim() === "";
  }

  #takeClose(): boolean {
    const close = this.#take(CLOSE);
    this.trimsNext = close?.includes("-") === true;
    return close !== undefined;
  }

  #takeToken(): void {
    const offset = this.offset;
    for (const { kind, pattern, read } of RULES) {
      const matched = this.#take(pattern);
      if (matched !== undefined) {
        const text = read(matched);
        if (text === undefined) {
          this.offset = offset;
          throw this.#fault("it has an escape that is not known");
        }
        this.tokens.push(this.#token(kind, text, offset));
        return;
      }
    }
    const isQuote = /["'`]/.test(this.#source[offset] ?? "");
    throw this.#fault(isQuote ? "the quotation has no end" : "it is not expected here");
  }

  #token(kind: TokenKind, text: string, offset: number): Token {
    return { kind, text, offset, end: this.offset };
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const matched = pattern.exec(this.#source)?.[0];
    this.offset += matched?.length ?? 0;
    return matched;
  }

  #fault(reason: string, length = 1) {
    const text = this.#source.slice(this.offset, this.offset + length);
    return templateError({ source: this.#source, offset: this.offset, text }, reason);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

const ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|[\s\S])/g;

/** Go's strconv.Unquote. Undefined: an escape that it has not. */
function unquote(matched: string): string | undefined {
  let isSound = true;
  const text = matched.slice(1, -1).replaceAll(ESCAPE, (written) => {
    const replacement = written.length === 2 ? ESCAPES[written.slice(1)] : characterOf(written);
    isSound &&= replacement !== undefined;
    return replacement ?? "";
  });
  return isSound ? text : undefined;
}

/** \x41, \u0041, \U00000041, \101. */
function characterOf(written: string): string | undefined {
  const isHexadecimal = /^\\[xuU]/.test(written);
  const digits = written.slice(isHexadecimal ? 2 : 1);
  const code = Number.parseInt(digits, isHexadecimal ? 16 : 8);
  return code > 0x10ffff ? undefined : String.fromCodePoint(code);
}

/** 'x' is a number in Go. */
function characterCode(matched: string): string | undefined {
  const code = unquote(matched)?.codePointAt(0);
  return code === undefined ? undefined : String(code);
}
