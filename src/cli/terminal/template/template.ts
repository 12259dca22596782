// Go templates of --format, as docker and podman users write them: `{{.Repository}}:{{.Tag}}`.
// parse.ts has the grammar, function-table.ts the functions. Differences to Go: values are JSON's, so
// there are no methods but those that a command adds (TemplateMethod); a field that is not there is a fault
// that names those that are. What is known as a map by its name may lack a key, as in Go.

import { closestWord } from "../../../error/similar-words.ts";
import { FUNCTIONS } from "./function-table.ts";
import { type TemplateFunction, TemplateMethod, ValueFault } from "./functions.ts";
import { parseTemplate } from "./parse.ts";
import type { Operand, Pipeline, TemplateCommand, TemplateNode } from "./syntax.ts";
import { type Place, templateError } from "./template-error.ts";
import { isList, isRecord, isTrue, printValue, sortedKeys, typeName } from "./values.ts";

export class Template {
  readonly #source: string;
  readonly #nodes: readonly TemplateNode[];

  /** Throws invalid-argument, with the place of the fault. */
  constructor(source: string) {
    this.#source = source;
    this.#nodes = parseTemplate(source);
  }

  /** `replaced`: functions that do something else this time, as for a table's head. */
  render(data: unknown, replaced: Readonly<Record<string, TemplateFunction>> = {}): string {
    const functions = { ...FUNCTIONS, ...replaced };
    const execution = new Execution({ source: this.#source, functions }, data);
    execution.run(this.#nodes, data);
    return execution.output;
  }
}

interface Surroundings {
  readonly source: string;
  readonly functions: Readonly<Record<string, TemplateFunction>>;
}

/** How a list of nodes ended. */
type Flow = "next" | "break" | "continue";

const MOST_FIELDS_SHOWN = 30;

/** Fields of the peers' documents whose value has keys that users or the machine choose. */
const MAPS: ReadonlySet<string> = new Set([
  "Annotations",
  "Attributes",
  "ExposedPorts",
  "Labels",
  "Networks",
  "Options",
  "PortBindings",
  "Ports",
  "Sysctls",
  "Tmpfs",
  "Volumes",
]);

class Execution {
  output = "";
  readonly #around: Surroundings;
  readonly #variables: { readonly name: string; value: unknown }[];
  /** Values that a field of MAPS has had. */
  readonly #maps = new Set<unknown>();

  constructor(around: Surroundings, data: unknown) {
    this.#around = around;
    this.#variables = [{ name: "$", value: data }];
  }

  run(nodes: readonly TemplateNode[], dot: unknown): Flow {
    const outer = this.#variables.length;
    for (const node of nodes) {
      const flow = this.#runNode(node, dot);
      if (flow !== "next") {
        this.#variables.length = outer;
        return flow;
      }
    }
    return "next";
  }

  #runNode(node: TemplateNode, dot: unknown): Flow {
    switch (node.kind) {
      case "text":
        this.output += node.text;
        return "next";
      case "action": {
        const value = this.#evaluate(node.pipeline, dot);
        this.output += node.pipeline.variables.length === 0 ? printValue(value) : "";
        return "next";
      }
      case "if":
      case "with":
      case "range":
        return this.#scoped(() => this.#runBranches(node, dot));
      case "break":
      case "continue":
        return node.kind;
    }
  }

  /** What is declared inside is gone afterwards. */
  #scoped(action: () => Flow): Flow {
    const outer = this.#variables.length;
    const flow = action();
    this.#variables.length = outer;
    return flow;
  }

  #runBranches(
    node: Extract<TemplateNode, { readonly kind: "if" | "with" | "range" }>,
    dot: unknown,
  ): Flow {
    if (node.kind === "range") {
      return this.#runRange(node, dot);
    }
    const value = this.#evaluate(node.pipeline, dot);
    const inner = node.kind === "with" ? value : dot;
    return isTrue(value) ? this.run(node.body, inner) : this.run(node.otherwise, dot);
  }

  #runRange(node: Extract<TemplateNode, { readonly kind: "range" }>, dot: unknown): Flow {
    const { pipeline, body, otherwise } = node;
    const { commands, variables } = pipeline;
    const value = this.#evaluate({ ...pipeline, commands, variables: [] }, dot);
    const entries = this.#entriesOf(value, pipeline);
    if (entries.length === 0) {
      return this.run(otherwise, dot);
    }
    for (const [key, element] of entries) {
      const flow = this.#scoped(() => {
        const values = variables.length === 2 ? [key, element] : [element];
        variables.forEach((name, index) => {
          this.#variables.push({ name, value: values[index] });
        });
        return this.run(body, element);
      });
      if (flow === "break") {
        break;
      }
    }
    return "next";
  }

  #entriesOf(value: unknown, pipeline: Pipeline): readonly (readonly [unknown, unknown])[] {
    if (isList(value)) {
      return value.map((element, index) => [index, element]);
    }
    if (isRecord(value)) {
      return sortedKeys(value).map((key) => [key, value[key]]);
    }
    if (typeof value === "number" && Number.isInteger(value)) {
      return Array.from({ length: Math.max(value, 0) }, (_, index) => [index, index]);
    }
    if (value === null || value === undefined) {
      return [];
    }
    throw this.#fault(pipeline.commands[0]?.operands[0], `range cannot go over ${typeName(value)}`);
  }

  #evaluate(pipeline: Pipeline, dot: unknown): unknown {
    let value: unknown;
    pipeline.commands.forEach((command, index) => {
      value = this.#runCommand(command, dot, index === 0 ? [] : [value]);
    });
    for (const name of pipeline.variables) {
      const existing = this.#variables.findLast((variable) => variable.name === name);
      if (pipeline.assigns && existing !== undefined) {
        existing.value = value;
      } else {
        this.#variables.push({ name, value });
      }
    }
    return value;
  }

  #runCommand(command: TemplateCommand, dot: unknown, piped: readonly unknown[]): unknown {
    const [first, ...rest] = command.operands;
    if (first === undefined) {
      return undefined;
    }
    if (first.kind !== "function") {
      const value = this.#value(first, dot);
      if (value instanceof TemplateMethod) {
        const values = rest.map((operand) => this.#value(operand, dot));
        return this.#call(first, value.called, [...values, ...piped]);
      }
      if (rest.length > 0) {
        throw this.#fault(first, "it is no function and takes no arguments");
      }
      if (piped.length > 0) {
        throw this.#fault(first, "nothing can be piped into it: it is no function");
      }
      return value;
    }
    const called = this.#around.functions[first.name];
    const isAnd = first.name === "and";
    const stopsEarly = isAnd || first.name === "or";
    const values: unknown[] = [];
    for (const operand of rest) {
      const value = this.#value(operand, dot);
      values.push(value);
      // and, or do not look at what stands behind the value that decides.
      if (stopsEarly && isTrue(value) !== isAnd) {
        return value;
      }
    }
    return this.#call(first, called, [...values, ...piped]);
  }

  #call(
    operand: Operand,
    called: TemplateFunction | undefined,
    values: readonly unknown[],
  ): unknown {
    const { min, max } = called ?? { min: 0 };
    if (values.length < min || values.length > (max ?? values.length)) {
      const wanted = max === min ? `${min}` : `${min} or more`;
      throw this.#fault(operand, `it takes ${wanted} arguments, not ${values.length}`);
    }
    try {
      return called?.call(values);
    } catch (error) {
      throw error instanceof ValueFault ? this.#fault(operand, error.message) : error;
    }
  }

  #value(operand: Operand, dot: unknown): unknown {
    let value = this.#start(operand, dot);
    for (const { name, offset } of operand.path) {
      value = this.#field(value, { source: this.#around.source, offset, text: `.${name}` });
    }
    return value;
  }

  #start(operand: Operand, dot: unknown): unknown {
    switch (operand.kind) {
      case "literal":
        return operand.value;
      case "dot":
        return dot;
      case "variable":
        return this.#variables.findLast(({ name }) => name === operand.name)?.value;
      case "pipeline":
        return this.#evaluate(operand.pipeline, dot);
      case "function":
        return this.#call(operand, this.#around.functions[operand.name], []);
    }
  }

  #field(value: unknown, place: Place): unknown {
    const name = place.text.slice(1);
    if (!isRecord(value)) {
      throw templateError(place, `there is no such field in ${typeName(value)}`);
    }
    if (Object.hasOwn(value, name)) {
      const found = value[name];
      if (MAPS.has(name)) {
        this.#maps.add(found);
      }
      return found;
    }
    if (this.#maps.has(value)) {
      return undefined;
    }
    throw templateError(place, "there is no such field", fieldHint(name, Object.keys(value)));
  }

  #fault(operand: Operand | undefined, reason: string) {
    const { offset, text } = operand ?? { offset: 0, text: "" };
    return templateError({ source: this.#around.source, offset, text }, reason);
  }
}

function fieldHint(name: string, known: readonly string[]): string | undefined {
  const sameLetters = known.find((each) => each.toLowerCase() === name.toLowerCase());
  const suggestion = sameLetters ?? closestWord(name, known);
  if (suggestion !== undefined) {
    return `did you mean .${suggestion}?`;
  }
  const shown = known.slice(0, MOST_FIELDS_SHOWN).map((each) => `.${each}`);
  return shown.length === 0 ? undefined : `there are ${shown.join(", ")}`;
}
