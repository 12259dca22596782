// From a template's text to its nodes: the grammar of Go's text/template without templates inside
// templates (define, template, block).

import { closestWord } from "../../../error/similar-words.ts";
import { FUNCTION_NAMES } from "./function-table.ts";
import type { Operand, PathStep, Pipeline, TemplateCommand, TemplateNode } from "./syntax.ts";
import { templateError } from "./template-error.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Throws invalid-argument, with the place. */
export function parseTemplate(source: string): readonly TemplateNode[] {
  const parser = new TemplateParser(source);
  const nodes = parser.nodes();
  parser.expectEnd();
  return nodes;
}

const KEYWORDS = ["if", "else", "end", "range", "with", "break", "continue"];
const UNSUPPORTED = ["define", "template", "block"];

class TemplateParser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #loops = 0;
  #variables = ["$"];

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  /** Up to {{end}}, {{else}} or the end of the template. */
  nodes(): readonly TemplateNode[] {
    const nodes: TemplateNode[] = [];
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (token.kind === "text") {
        this.#next += 1;
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      const keyword = this.#keywordAhead();
      if (keyword === "end" || keyword === "else") {
        break;
      }
      this.#next += 1;
      nodes.push(this.#action(keyword));
    }
    return nodes;
  }

  expectEnd(): void {
    if (this.#peek() !== undefined) {
      throw this.#fault(this.#tokens[this.#next + 1], "there is nothing that it could end");
    }
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  /** The keyword behind the {{ that comes next. */
  #keywordAhead(): string | undefined {
    const token = this.#tokens[this.#next + 1];
    return token?.kind === "word" && [...KEYWORDS, ...UNSUPPORTED].includes(token.text)
      ? token.text
      : undefined;
  }

  #action(keyword: string | undefined): TemplateNode {
    const token = this.#peek();
    if (keyword === undefined) {
      const pipeline = this.#pipeline();
      this.#close();
      return { kind: "action", pipeline };
    }
    this.#next += 1;
    switch (keyword) {
      case "if":
      case "with":
        return { kind: keyword, ...this.#branches(keyword) };
      case "range":
        return { kind: keyword, ...this.#branches(keyword) };
      case "break":
      case "continue":
        if (this.#loops === 0) {
          throw this.#fault(token, "it stands in no range");
        }
        this.#close();
        return { kind: keyword };
      default:
        throw this.#fault(token, "templates inside templates are not supported");
    }
  }

  /** Behind `if`, `with` or `range`. Variables that are declared there end with it. */
  #branches(keyword: "if" | "with" | "range") {
    const start = this.#tokens[this.#next - 1];
    const outer = this.#variables;
    this.#variables = [...outer];
    const pipeline = this.#pipeline(keyword === "range" ? 2 : 1);
    this.#close();
    this.#loops += keyword === "range" ? 1 : 0;
    const body = this.nodes();
    this.#loops -= keyword === "range" ? 1 : 0;
    const otherwise = this.#otherwise(keyword, start);
    this.#variables = outer;
    return { pipeline, body, otherwise };
  }

  /** {{else}}, {{else if}}, {{end}}. */
  #otherwise(keyword: "if" | "with" | "range", start: Token | undefined): readonly TemplateNode[] {
    const found = this.#keywordAhead();
    if (found === undefined) {
      throw this.#fault(start, "it has no {{end}}");
    }
    this.#next += 2;
    if (found === "end") {
      this.#close();
      return [];
    }
    const chained = this.#peek();
    if (chained?.kind === "word" && chained.text === keyword && keyword !== "range") {
      this.#next += 1;
      return [{ kind: keyword, ...this.#branches(keyword) }];
    }
    this.#close();
    const nodes = this.nodes();
    if (this.#keywordAhead() !== "end") {
      throw this.#fault(start, "it has no {{end}}");
    }
    this.#next += 2;
    this.#close();
    return nodes;
  }

  #close(): void {
    const token = this.#peek();
    if (token?.kind !== "close") {
      throw this.#fault(token, "}} is expected here");
    }
    this.#next += 1;
  }

  /** `mostVariables`: `range` declares up to two. */
  #pipeline(mostVariables = 1): Pipeline {
    const offset = this.#peek()?.offset ?? this.#source.length;
    const { variables, assigns } = this.#declaration(mostVariables);
    const commands = [this.#command()];
    while (this.#takeSign("|")) {
      commands.push(this.#command());
    }
    return { variables, assigns, commands, offset };
  }

  #declaration(most: number): Pick<Pipeline, "variables" | "assigns"> {
    const at = (index: number): Token | undefined => this.#tokens[this.#next + index];
    const isVariable = (index: number): boolean => at(index)?.kind === "variable";
    const count = most > 1 && isVariable(0) && at(1)?.text === "," && isVariable(2) ? 2 : 1;
    const sign = at(count * 2 - 1);
    if (!isVariable(0) || sign?.kind !== "sign" || ![":=", "="].includes(sign.text)) {
      return { variables: [], assigns: false };
    }
    const variables = [at(0), at(2)].slice(0, count).map((token) => token?.text ?? "");
    const assigns = sign.text === "=";
    for (const name of assigns ? variables : []) {
      this.#checkVariable(name, at(0));
    }
    if (!assigns) {
      this.#variables.push(...variables);
    }
    this.#next += count * 2;
    return { variables, assigns };
  }

  #command(): TemplateCommand {
    const operands: Operand[] = [];
    for (let operand = this.#operand(); operand !== undefined; operand = this.#operand()) {
      const previous = operands.at(0);
      if (previous !== undefined && previous.kind !== "function" && !mayBeMethod(previous)) {
        throw this.#fault(
          { text: previous.text, offset: previous.offset },
          "it is no function and takes no arguments",
        );
      }
      operands.push(operand);
    }
    if (operands.length === 0) {
      throw this.#fault(this.#peek(), "a value or a function is expected here");
    }
    return { operands };
  }

  /** Undefined: what comes next is none. */
  #operand(): Operand | undefined {
    const token = this.#peek();
    if (token === undefined) {
      return undefined;
    }
    const { offset } = token;
    const value = this.#value(token);
    if (value === undefined) {
      return undefined;
    }
    const path = token.kind === "field" ? [{ name: token.text, offset }] : [];
    const rest = this.#path();
    const end = this.#tokens[this.#next - 1]?.end ?? offset;
    const text = this.#source.slice(offset, end);
    return { ...value, path: [...path, ...rest], offset, text };
  }

  #value(token: Token) {
    this.#next += 1;
    switch (token.kind) {
      case "string":
        return { kind: "literal", value: token.text } as const;
      case "number":
        return { kind: "literal", value: this.#number(token) } as const;
      case "word":
        return this.#word(token);
      case "dot":
      case "field":
        return { kind: "dot" } as const;
      case "variable":
        this.#checkVariable(token.text, token);
        return { kind: "variable", name: token.text } as const;
      case "sign":
        if (token.text === "(") {
          return { kind: "pipeline", pipeline: this.#parenthesized() } as const;
        }
        break;
      case "text":
      case "open":
      case "close":
        break;
    }
    this.#next -= 1;
    return undefined;
  }

  /** `.A.B` behind a value, without a space between. */
  #path(): PathStep[] {
    const path: PathStep[] = [];
    for (;;) {
      const token = this.#peek();
      const isNext = token?.offset === this.#tokens[this.#next - 1]?.end;
      if (token?.kind !== "field" || !isNext) {
        return path;
      }
      path.push({ name: token.text, offset: token.offset });
      this.#next += 1;
    }
  }

  #number(token: Token): number {
    const value = Number(token.text.replace(/^\+/, ""));
    const isNegativeHexadecimal = Number.isNaN(value) && token.text.startsWith("-");
    return isNegativeHexadecimal ? -Number(token.text.slice(1)) : value;
  }

  #word(token: Token) {
    const literals: Readonly<Record<string, unknown>> = { true: true, false: false, nil: null };
    if (Object.hasOwn(literals, token.text)) {
      return { kind: "literal", value: literals[token.text] } as const;
    }
    if (FUNCTION_NAMES.includes(token.text)) {
      return { kind: "function", name: token.text } as const;
    }
    const suggestion = closestWord(token.text, FUNCTION_NAMES);
    throw this.#fault(
      token,
      "there is no such function",
      suggestion === undefined
        ? `there are ${FUNCTION_NAMES.join(", ")}`
        : `did you mean ${suggestion}?`,
    );
  }

  #parenthesized(): Pipeline {
    const open = this.#tokens[this.#next - 1];
    const pipeline = this.#pipeline();
    if (!this.#takeSign(")")) {
      throw this.#fault(open, "it has no closing parenthesis");
    }
    return pipeline;
  }

  #takeSign(sign: string): boolean {
    const token = this.#peek();
    const isIt = token?.kind === "sign" && token.text === sign;
    this.#next += isIt ? 1 : 0;
    return isIt;
  }

  #checkVariable(name: string, token: Token | undefined): void {
    if (!this.#variables.includes(name)) {
      throw this.#fault(token, `the variable ${name} is not declared`);
    }
  }

  /** Without a place: at the end. */
  #fault(
    place: { readonly offset: number; readonly text: string } | undefined,
    reason: string,
    hint?: string,
  ) {
    const { offset, text } = place ?? { offset: this.#source.length, text: "" };
    return templateError({ source: this.#source, offset, text }, reason, hint);
  }
}

/** A field of something; whether it takes arguments its value says. */
function mayBeMethod({ kind, path }: Operand): boolean {
  return (kind === "dot" || kind === "variable") && path.length > 0;
}
