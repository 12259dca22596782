// The text of a program: what `ocicat explain` prints and golden tests compare. One line an op:
//
//   INDEX  CALL(ARGUMENTS)                          = RESULT    PLACE IN THE CONFIGURATION
//
// The ops of a forked child are indented below the fork. An op that survives errors has a second
// line: the errors and where it goes on.

import { errnoName } from "../error/errno.ts";
import { type Argument, type FlagNames, type Operation, type Program, wordsOf } from "./program.ts";

const CALL_WIDTH = 62;
const RESULT_WIDTH = 16;

export interface ListedOperation {
  readonly index: number;
  readonly depth: number;
  readonly call: string;
  readonly result?: string;
  /** "ENOENT, ENOTDIR: continue at 31" */
  readonly onError?: string;
  readonly reason: string;
}

/** Every op as words. */
export function listOperations(program: Program): ListedOperation[] {
  return program.operations.map((operation, index) => {
    const result = operation.result?.name;
    const onError = describeErrors(operation);
    return {
      index,
      depth: operation.depth,
      call: describeCall(operation),
      ...(result === undefined ? {} : { result }),
      ...(onError === undefined ? {} : { onError }),
      reason: operation.reason,
    };
  });
}

/** The listing as text, a newline after each line. */
export function listProgram(program: Program): string {
  return listOperations(program)
    .map((operation) => formatOperation(operation))
    .join("");
}

function formatOperation(operation: ListedOperation): string {
  const index = String(operation.index).padStart(4);
  const indent = "  ".repeat(operation.depth);
  const call = `${indent}${operation.call}`.padEnd(CALL_WIDTH);
  const result = operation.result === undefined ? "" : `= ${operation.result}`;
  const line = `${index}  ${call} ${result.padEnd(RESULT_WIDTH)} ${operation.reason}`.trimEnd();
  const onError = operation.onError;
  return onError === undefined ? `${line}\n` : `${line}\n      ${indent}  ${onError}\n`;
}

function describeCall(operation: Operation): string {
  if (operation.name === "jump") {
    return `jump to ${operation.target?.index}`;
  }
  const parent =
    operation.name === "fork" ? `, parent continues at ${operation.target?.index}` : "";
  const args = operation.args.map((argument, position) =>
    isErrno(operation, position) && typeof argument === "number"
      ? errnoName(argument)
      : describeArgument(argument),
  );
  return `${operation.name}(${args.join(", ")}${parent})`;
}

/** What `expect` fails with. */
function isErrno({ name }: Operation, position: number): boolean {
  return name === "expect" && position === 3;
}

function describeErrors({ caught }: Operation): string | undefined {
  if (caught === undefined) {
    return undefined;
  }
  const errors = caught.errnos === "any" ? "any error" : caught.errnos.map(errnoName).join(", ");
  const target = caught.target === undefined ? "ignored" : `continue at ${caught.target.index}`;
  return `${errors}: ${target}`;
}

function describeArgument(argument: Argument): string {
  if (typeof argument === "number") {
    return String(argument);
  }
  switch (argument.kind) {
    case "named":
      return typeof argument.text === "object"
        ? describeFlags(argument.word, argument.text)
        : wordsOf(argument.text);
    case "register":
      return argument.name;
    case "data":
      return wordsOf(argument.text);
    case "offset": {
      const text = wordsOf(argument.of.text);
      return argument.plus === 0 ? text : `${text}+${argument.plus}`;
    }
  }
}

/** The names of the flags that `value` has, joined by "|"; what no name covers in hexadecimal. */
function describeFlags(value: number, names: FlagNames): string {
  let rest = value;
  const parts: string[] = [];
  for (const [name, bit] of Object.entries(names)) {
    if (bit !== 0 && (rest & bit) === bit) {
      parts.push(name);
      rest &= ~bit;
    }
  }
  if (rest !== 0) {
    parts.push(`0x${(rest >>> 0).toString(16)}`);
  }
  return parts.length === 0 ? "0" : parts.join("|");
}
