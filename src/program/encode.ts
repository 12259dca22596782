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
import {
  type Argument,
  BASES,
  type Catch,
  type Encodable,
  isWide,
  type Operation,
  type Program,
} from "./program.ts";

const TWO_TO_32 = 0x1_0000_0000;
const NO_OP = 0xffff_ffff;
const OP_WORDS = OP_BYTES / 4;
/** Of an op: its code and target, what it catches, and the tags are before its arguments. */
const FIRST_ARGUMENT_WORD = 3;

export interface EncodeOptions {
  /** Tests: before this op, the runtime is made to kill itself (REPORT_KILL). */
  readonly killAtOp?: number | undefined;
}

/** For each of BASES, where it is in the data. */
type Starts = readonly number[];

/** All ops. The data has the structures, the strings, then 64-bit values; scratch memory is behind it. */
interface EncodedOps {
  readonly words: Uint32Array;
  /** Values that need 64 bits. */
  readonly wide: number[];
  /** Where they will be in the data. */
  readonly wideStart: number;
  /** Scratch memory begins at 0: it is known only in the end how many wide values are before it. */
  readonly starts: Starts;
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
  const starts = startsOf(structureBytes, dataBytes);
  const data: EncodedData = { words, bytes, start: dataStart, starts };
  encodeStructures(data, program, relocationsStart / 4);
  encodeStrings(data, program);
  writeWide(data, ops);
  return bytes;
}

/** What counts from no segment counts from 0. */
function startsOf(strings: number, scratch: number): Starts {
  return [0, 0, strings, scratch];
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
    words: new Uint32Array(operations.length * OP_WORDS),
    wide: [],
    wideStart: alignTo8(structureBytes + stringBytes),
    starts: startsOf(structureBytes, 0),
    scratchWords: [],
  };
  operations.forEach((operation, index) => {
    encodeOperation(ops, index, operation);
  });
  return ops;
}

function encodeOperation(ops: EncodedOps, index: number, operation: Operation): void {
  const { words } = ops;
  const { result, caught } = operation;
  const at = index * OP_WORDS;
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
  if (caught !== undefined) {
    words[at + 1] = encodeCaught(caught);
  }
  const register = result === undefined ? NO_REGISTER : result.word;
  words[at + 2] = (register << 24) | encodeArguments(ops, at, operation.args);
}

/**
 * Writes the arguments' words of the op at `at`, and returns their tags. There are a thousand, and an engine that
 * compiles nothing: a call for each would be most of the cost.
 */
function encodeArguments(ops: EncodedOps, at: number, args: readonly Argument[]): number {
  const words = ops.words;
  const starts = ops.starts;
  const end = args.length;
  let tags = 0;
  let word = at + FIRST_ARGUMENT_WORD;
  for (let position = 0; position < end; position++) {
    const argument = args[position];
    if (typeof argument === "number") {
      words[word] = argument;
      if (argument >>> 0 !== argument) {
        tags |= encodeUnusual(ops, word, argument) << (4 * position);
      }
    } else if (argument !== undefined) {
      words[word] = argument.word + (starts[argument.base] ?? 0);
      tags |= argument.tag << (4 * position);
      if (argument.base > BASES.strings) {
        encodeLater(ops, word, argument);
      }
    }
    word++;
  }
  return tags;
}

/** A number below 0, or of more than 32 bits: writes the latter's word, and returns the tag. */
function encodeUnusual(ops: EncodedOps, at: number, value: number): number {
  if (!isWide(value)) {
    return ARGUMENT_TAGS.signed;
  }
  encodeWide(ops, at, value);
  return ARGUMENT_TAGS.wide;
}

/** What is in scratch memory, or wide. */
function encodeLater(ops: EncodedOps, at: number, { word, base }: Encodable): void {
  if (base === BASES.wide) {
    encodeWide(ops, at, word);
  } else {
    ops.scratchWords.push(at);
  }
}

function encodeWide(ops: EncodedOps, at: number, value: number): void {
  ops.words[at] = ops.wideStart + ops.wide.length * 8;
  ops.wide.push(value);
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

interface EncodedData {
  /** The whole program. */
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  /** Where the data begins in it. */
  readonly start: number;
  readonly starts: Starts;
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
      words[(start + at) / 4] = (starts[reference.base] ?? 0) + reference.word;
      words[relocation] = at;
      relocation += 1;
    }
  }
}

/** All strings in one piece: one call of the encoder is far cheaper than one for each. */
function encodeStrings({ bytes, start, starts }: EncodedData, { strings }: Program): void {
  if (strings.length > 0) {
    const target = bytes.subarray(start + (starts[BASES.strings] ?? 0));
    new TextEncoder().encodeInto(`${strings.join("\0")}\0`, target);
  }
}

function writeWide({ words, start }: EncodedData, { wide, wideStart }: EncodedOps): void {
  wide.forEach((value, index) => {
    const at = (start + wideStart) / 4 + index * 2;
    words[at] = value;
    words[at + 1] = Math.floor(value / TWO_TO_32);
  });
}
