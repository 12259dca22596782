// A program as the bytes that the stage maps: the layout is drawn at the head of native/stage.c.

import { OcicatError } from "../error/ocicat-error.ts";
import {
  ANY_ERRNO,
  ARGUMENT_TAGS,
  CAUGHT_ERRNO_LIMIT,
  HEADER_BYTES,
  NO_REGISTER,
  OP_BYTES,
  PROGRAM_MAGIC,
  PROGRAM_SIZE_LIMIT,
  PROGRAM_VERSION,
} from "./opcodes.ts";
import type { Argument, Catch, DataReference, Operation, Program } from "./program.ts";

const TWO_TO_32 = 0x1_0000_0000;
const NO_OP = 0xffff_ffff;

export interface EncodeOptions {
  /** Tests: before this op, the runtime is made to kill itself (REPORT_KILL). */
  readonly killAtOp?: number | undefined;
}

interface Layout {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** Where the data begins, and where the strings do within it. */
  readonly dataStart: number;
  readonly stringsStart: number;
  /** 64-bit immediates, appended to the structures. */
  readonly wide: number[];
  readonly wideStart: number;
}

/** The program's bytes. Throws "exhausted" when they are more than the stage accepts. */
export function encodeProgram(
  program: Program,
  options: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  const { operations, structures } = program;
  const relocationCount = structures.reduce((sum, { pointers }) => sum + pointers.size, 0);
  const wideCount = countWideArguments(operations);
  const relocationsStart = HEADER_BYTES + operations.length * OP_BYTES;
  const dataStart = alignTo8(relocationsStart + relocationCount * 4);
  const stringsStart = program.structureBytes + wideCount * 8;
  const total = alignTo8(dataStart + stringsStart + program.stringBytes);
  if (total > PROGRAM_SIZE_LIMIT) {
    throw new OcicatError("exhausted", {
      operation: "compile",
      subject: "the container's program",
      reason: `its ${total} bytes are more than the limit of ${PROGRAM_SIZE_LIMIT}`,
    });
  }
  const buffer = new ArrayBuffer(total);
  const layout: Layout = {
    words: new Uint32Array(buffer),
    bytes: new Uint8Array(buffer),
    dataStart,
    stringsStart,
    wide: [],
    wideStart: program.structureBytes,
  };
  layout.words.set([
    PROGRAM_MAGIC,
    PROGRAM_VERSION,
    operations.length,
    relocationCount,
    total - dataStart,
    options.killAtOp ?? NO_OP,
  ]);
  operations.forEach((operation, index) => {
    encodeOperation(layout, index, operation);
  });
  encodeStructures(layout, program, relocationsStart / 4);
  encodeWide(layout);
  encodeStrings(layout, program);
  return new Uint8Array(buffer);
}

function alignTo8(size: number): number {
  return Math.ceil(size / 8) * 8;
}

/** Whether an argument is a number that 32 bits cannot hold. */
function needsWide(argument: Argument): boolean {
  const value = plainNumber(argument);
  return value !== undefined && (value >= TWO_TO_32 || value < -0x8000_0000);
}

function plainNumber(argument: Argument): number | undefined {
  if (typeof argument === "number") {
    return argument;
  }
  return argument.kind === "named" ? argument.value : undefined;
}

function countWideArguments(operations: readonly Operation[]): number {
  let count = 0;
  for (const { args } of operations) {
    for (const argument of args) {
      count += needsWide(argument) ? 1 : 0;
    }
  }
  return count;
}

function encodeOperation(layout: Layout, index: number, operation: Operation): void {
  const { words } = layout;
  const at = (HEADER_BYTES + index * OP_BYTES) / 4;
  const target = operation.target ?? operation.caught?.target;
  const targetIndex = target === undefined ? index + 1 : target.index;
  if (targetIndex < 0) {
    throw new OcicatError("internal", {
      operation: "compile",
      subject: operation.reason,
      reason: `the target of ${operation.name} was never placed`,
    });
  }
  words[at] = operation.code | (targetIndex << 16);
  words[at + 1] = encodeCaught(operation.caught);
  let tags = (operation.result?.index ?? NO_REGISTER) << 24;
  for (let position = 0; position < operation.args.length; position++) {
    const argument = operation.args[position] ?? 0;
    tags |= tagOf(argument) << (4 * position);
    words[at + 3 + position] = encodeArgument(layout, argument);
  }
  words[at + 2] = tags;
}

/** Up to four errno values, a byte each. */
function encodeCaught(caught: Catch | undefined): number {
  if (caught === undefined) {
    return 0;
  }
  if (caught.errnos === "any") {
    return ANY_ERRNO;
  }
  if (caught.errnos.length > CAUGHT_ERRNO_LIMIT) {
    throw new OcicatError("internal", {
      operation: "compile",
      subject: "an op",
      reason: `it catches more than ${CAUGHT_ERRNO_LIMIT} errors`,
    });
  }
  return caught.errnos.reduce((word, errno, index) => word | (errno << (8 * index)), 0);
}

function tagOf(argument: Argument): number {
  const value = plainNumber(argument);
  if (value !== undefined) {
    if (needsWide(argument)) {
      return ARGUMENT_TAGS.wide;
    }
    return value < 0 ? ARGUMENT_TAGS.signed : ARGUMENT_TAGS.unsigned;
  }
  if (typeof argument === "object" && argument.kind === "register") {
    return ARGUMENT_TAGS.register;
  }
  const isAddress = typeof argument === "object" && argument.kind === "data";
  return isAddress ? ARGUMENT_TAGS.data : ARGUMENT_TAGS.unsigned;
}

function encodeArgument(layout: Layout, argument: Argument): number {
  if (typeof argument === "number") {
    return needsWide(argument) ? placeWide(layout, argument) : argument;
  }
  switch (argument.kind) {
    case "named":
      return encodeArgument(layout, argument.value);
    case "register":
      return argument.index;
    case "data":
      return dataOffset(layout, argument);
    case "offset":
      return dataOffset(layout, argument.of) + argument.plus;
  }
}

function placeWide(layout: Layout, value: number): number {
  layout.wide.push(value);
  return layout.wideStart + (layout.wide.length - 1) * 8;
}

function dataOffset(layout: Layout, reference: DataReference): number {
  const start = reference.segment === "strings" ? layout.stringsStart : 0;
  return start + reference.offset;
}

function encodeStructures(layout: Layout, program: Program, relocationsStart: number): void {
  const { words, bytes, dataStart } = layout;
  let relocation = relocationsStart;
  for (const { offset, content, pointers } of program.structures) {
    if (content instanceof Uint8Array) {
      bytes.set(content, dataStart + offset);
    } else {
      words.set(content, (dataStart + offset) / 4);
    }
    for (const [word, reference] of pointers) {
      const at = offset + word * 4;
      words[(dataStart + at) / 4] = dataOffset(layout, reference);
      words[relocation] = at;
      relocation += 1;
    }
  }
}

function encodeWide(layout: Layout): void {
  layout.wide.forEach((value, index) => {
    const at = (layout.dataStart + layout.wideStart) / 4 + index * 2;
    layout.words[at] = value;
    layout.words[at + 1] = Math.floor(value / TWO_TO_32);
  });
}

/** All strings in one piece: one call of the encoder is far cheaper than one for each. */
function encodeStrings(layout: Layout, program: Program): void {
  if (program.strings.length > 0) {
    const target = layout.bytes.subarray(layout.dataStart + layout.stringsStart);
    new TextEncoder().encodeInto(`${program.strings.join("\0")}\0`, target);
  }
}
