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
const LEAST_INT32 = -0x8000_0000;
const NO_OP = 0xffff_ffff;

export interface EncodeOptions {
  /** Tests: before this op, the runtime is made to kill itself (REPORT_KILL). */
  readonly killAtOp?: number | undefined;
}

interface Layout {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** Where the data begins, and where each of its segments does within it. */
  readonly dataStart: number;
  readonly segmentStarts: Readonly<Record<DataReference["segment"], number>>;
  /** 64-bit immediates, behind the structures. */
  readonly wideStart: number;
  wideUsed: number;
}

/** The program's bytes. Throws "exhausted" when they are more than the stage accepts. */
export function encodeProgram(
  program: Program,
  options: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  const { operations, structures } = program;
  const relocationCount = structures.reduce((sum, { pointers }) => sum + pointers.size, 0);
  const relocationsStart = HEADER_BYTES + operations.length * OP_BYTES;
  const dataStart = alignTo8(relocationsStart + relocationCount * 4);
  const stringsStart = program.structureBytes + countWide(operations) * 8;
  const dataBytes = alignTo8(stringsStart + program.stringBytes);
  const total = dataStart + dataBytes;
  checkSize(total + program.scratchBytes);
  const bytes = new Uint8Array(new ArrayBuffer(total));
  const layout: Layout = {
    words: new Uint32Array(bytes.buffer),
    bytes,
    dataStart,
    segmentStarts: { structures: 0, strings: stringsStart, scratch: dataBytes },
    wideStart: program.structureBytes,
    wideUsed: 0,
  };
  layout.words.set([
    PROGRAM_MAGIC,
    PROGRAM_VERSION,
    operations.length,
    relocationCount,
    dataBytes,
    program.scratchBytes,
    options.killAtOp ?? NO_OP,
  ]);
  for (let index = 0; index < operations.length; index++) {
    encodeOperation(layout, index, operations[index]);
  }
  encodeStructures(layout, program, relocationsStart / 4);
  encodeStrings(layout, program);
  return bytes;
}

function alignTo8(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function checkSize(total: number): void {
  if (total > PROGRAM_SIZE_LIMIT) {
    throw new OcicatError("exhausted", {
      operation: "compile",
      subject: "the container's program",
      reason: `its ${total} bytes are more than the limit of ${PROGRAM_SIZE_LIMIT}`,
    });
  }
}

/**
 * How many arguments go to the data as 64-bit values. There are a thousand arguments, and an engine that
 * compiles nothing: a call for each would be most of the cost.
 */
function countWide(operations: readonly Operation[]): number {
  let count = 0;
  for (const { args } of operations) {
    for (const argument of args) {
      const value =
        typeof argument === "number" || argument.kind !== "named" ? argument : argument.value;
      if (typeof value === "number" && (value >= TWO_TO_32 || value < LEAST_INT32)) {
        count += 1;
      }
    }
  }
  return count;
}

function encodeOperation(layout: Layout, index: number, operation: Operation | undefined): void {
  if (operation === undefined) {
    return;
  }
  const { words } = layout;
  const { args, result, caught } = operation;
  const at = (HEADER_BYTES + index * OP_BYTES) / 4;
  const target = operation.target ?? caught?.target;
  const targetIndex = target === undefined ? index + 1 : target.index;
  if (targetIndex < 0) {
    throw new OcicatError("internal", {
      operation: "compile",
      subject: operation.reason,
      reason: `the target of ${operation.name} was never placed`,
    });
  }
  words[at] = operation.code | (targetIndex << 16);
  words[at + 1] = caught === undefined ? 0 : encodeCaught(caught);
  let tags = (result === undefined ? NO_REGISTER : result.index) << 24;
  for (let position = 0; position < args.length; position++) {
    tags |= encodeArgument(layout, at + 3 + position, args[position] ?? 0) << (4 * position);
  }
  words[at + 2] = tags;
}

/** Up to four errno values, a byte each. */
function encodeCaught(caught: Catch): number {
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

/** Writes the argument's word and returns its tag. */
function encodeArgument(layout: Layout, at: number, argument: Argument): number {
  if (typeof argument === "number") {
    return encodeNumber(layout, at, argument);
  }
  switch (argument.kind) {
    case "named":
      return encodeNumber(layout, at, argument.value);
    case "register":
      layout.words[at] = argument.index;
      return ARGUMENT_TAGS.register;
    case "data":
      layout.words[at] = layout.segmentStarts[argument.segment] + argument.offset;
      return ARGUMENT_TAGS.data;
    case "offset":
      layout.words[at] = dataOffset(layout, argument.of) + argument.plus;
      return ARGUMENT_TAGS.unsigned;
  }
}

function encodeNumber(layout: Layout, at: number, value: number): number {
  if (value >= TWO_TO_32 || value < LEAST_INT32) {
    layout.words[at] = placeWide(layout, value);
    return ARGUMENT_TAGS.wide;
  }
  layout.words[at] = value;
  return value < 0 ? ARGUMENT_TAGS.signed : ARGUMENT_TAGS.unsigned;
}

/** The value's offset in the data. */
function placeWide(layout: Layout, value: number): number {
  const offset = layout.wideStart + layout.wideUsed * 8;
  layout.wideUsed += 1;
  const at = (layout.dataStart + offset) / 4;
  layout.words[at] = value;
  layout.words[at + 1] = Math.floor(value / TWO_TO_32);
  return offset;
}

function dataOffset(layout: Layout, reference: DataReference): number {
  return layout.segmentStarts[reference.segment] + reference.offset;
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

/** All strings in one piece: one call of the encoder is far cheaper than one for each. */
function encodeStrings(layout: Layout, program: Program): void {
  if (program.strings.length > 0) {
    const target = layout.bytes.subarray(layout.dataStart + layout.segmentStarts.strings);
    new TextEncoder().encodeInto(`${program.strings.join("\0")}\0`, target);
  }
}
