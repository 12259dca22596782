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
/** Of an op: its code and target, what it catches, and the tags are before its arguments. */
const FIRST_ARGUMENT_WORD = 3;

export interface EncodeOptions {
  /** Tests: before this op, the runtime is made to kill itself (REPORT_KILL). */
  readonly killAtOp?: number | undefined;
}

/** Where each segment of the data begins within it. */
type SegmentStarts = Readonly<Record<DataReference["segment"], number>>;

/** All ops. The data has the structures, the strings, then 64-bit values; scratch memory is behind it. */
interface EncodedOps {
  readonly words: Uint32Array;
  /** Values that need 64 bits. */
  readonly wide: number[];
  /** Where they will be in the data. */
  readonly wideStart: number;
  /** Scratch memory begins at 0: it is known only in the end how many wide values are before it. */
  readonly starts: SegmentStarts;
  /** Words that are places in scratch memory. */
  readonly scratchWords: number[];
}

/** The program's bytes. Throws "exhausted" when they are more than the stage accepts. */
export function encodeProgram(
  program: Program,
  options: EncodeOptions = {},
): Uint8Array<ArrayBuffer> {
  const { operations, structures, structureBytes } = program;
  const ops = encodeOperations(program);
  const relocationCount = structures.reduce((sum, { pointers }) => sum + pointers.size, 0);
  const relocationsStart = HEADER_BYTES + operations.length * OP_BYTES;
  const dataStart = alignTo8(relocationsStart + relocationCount * 4);
  const dataBytes = ops.wideStart + ops.wide.length * 8;
  const total = dataStart + dataBytes;
  checkSize(total + program.scratchBytes);
  for (const word of ops.scratchWords) {
    ops.words[word] = (ops.words[word] ?? 0) + dataBytes;
  }
  const bytes = new Uint8Array(new ArrayBuffer(total));
  const words = new Uint32Array(bytes.buffer);
  words.set([
    PROGRAM_MAGIC,
    PROGRAM_VERSION,
    operations.length,
    relocationCount,
    dataBytes,
    program.scratchBytes,
    options.killAtOp ?? NO_OP,
  ]);
  words.set(ops.words, HEADER_BYTES / 4);
  const starts = { structures: 0, strings: structureBytes, scratch: dataBytes };
  const data: EncodedData = { words, bytes, start: dataStart, starts };
  encodeStructures(data, program, relocationsStart / 4);
  encodeStrings(data, program);
  encodeWide(data, ops);
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

function encodeOperations({ operations, structureBytes, stringBytes }: Program): EncodedOps {
  const ops: EncodedOps = {
    words: new Uint32Array((operations.length * OP_BYTES) / 4),
    wide: [],
    wideStart: alignTo8(structureBytes + stringBytes),
    starts: { structures: 0, strings: structureBytes, scratch: 0 },
    scratchWords: [],
  };
  operations.forEach((operation, index) => {
    encodeOperation(ops, index, operation);
  });
  return ops;
}

/**
 * There are a thousand arguments, most of them small numbers, and an engine that compiles nothing: a call
 * for each would be most of the cost.
 */
function encodeOperation(ops: EncodedOps, index: number, operation: Operation): void {
  const { words } = ops;
  const { args, result, caught } = operation;
  const at = (index * OP_BYTES) / 4;
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
  const count = args.length;
  for (let position = 0; position < count; position++) {
    const argument = args[position] ?? 0;
    const word = at + FIRST_ARGUMENT_WORD + position;
    if (typeof argument === "number" && argument >>> 0 === argument) {
      words[word] = argument;
    } else {
      tags |= encodeArgument(ops, word, argument) << (4 * position);
    }
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
function encodeArgument(ops: EncodedOps, at: number, argument: Argument): number {
  if (typeof argument === "number") {
    return encodeNumber(ops, at, argument);
  }
  switch (argument.kind) {
    case "named":
      return encodeNumber(ops, at, argument.value);
    case "register":
      ops.words[at] = argument.index;
      return ARGUMENT_TAGS.register;
    case "data":
      encodeReference(ops, at, argument, 0);
      return ARGUMENT_TAGS.data;
    case "offset":
      encodeReference(ops, at, argument.of, argument.plus);
      return ARGUMENT_TAGS.unsigned;
  }
}

function encodeNumber(ops: EncodedOps, at: number, value: number): number {
  if (value >= TWO_TO_32 || value < LEAST_INT32) {
    ops.words[at] = ops.wideStart + ops.wide.length * 8;
    ops.wide.push(value);
    return ARGUMENT_TAGS.wide;
  }
  ops.words[at] = value;
  return value < 0 ? ARGUMENT_TAGS.signed : ARGUMENT_TAGS.unsigned;
}

function encodeReference(
  ops: EncodedOps,
  at: number,
  reference: DataReference,
  plus: number,
): void {
  ops.words[at] = ops.starts[reference.segment] + reference.offset + plus;
  if (reference.segment === "scratch") {
    ops.scratchWords.push(at);
  }
}

interface EncodedData {
  /** The whole program. */
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** Where the data begins in it. */
  readonly start: number;
  readonly starts: SegmentStarts;
}

function encodeStructures(data: EncodedData, program: Program, relocationsStart: number): void {
  const { words, bytes, start, starts } = data;
  let relocation = relocationsStart;
  for (const { offset, content, pointers } of program.structures) {
    if (content instanceof Uint8Array) {
      bytes.set(content, start + offset);
    } else {
      words.set(content, (start + offset) / 4);
    }
    for (const [word, reference] of pointers) {
      const at = offset + word * 4;
      words[(start + at) / 4] = starts[reference.segment] + reference.offset;
      words[relocation] = at;
      relocation += 1;
    }
  }
}

/** All strings in one piece: one call of the encoder is far cheaper than one for each. */
function encodeStrings({ bytes, start, starts }: EncodedData, { strings }: Program): void {
  if (strings.length > 0) {
    const target = bytes.subarray(start + starts.strings);
    new TextEncoder().encodeInto(`${strings.join("\0")}\0`, target);
  }
}

function encodeWide({ words, start }: EncodedData, { wide, wideStart }: EncodedOps): void {
  wide.forEach((value, index) => {
    const at = (start + wideStart) / 4 + index * 2;
    words[at] = value;
    words[at + 1] = Math.floor(value / TWO_TO_32);
  });
}
