// A program: what the stage executes, as TypeScript sees it. builder.ts makes one, encode.ts turns it
// into bytes, listing.ts into text.

import type { Architecture, SyscallName } from "../abi/architecture.ts";
import type { ControlName } from "./opcodes.ts";

/** Words that only a listing or an error needs: made when one asks for them. */
export type Words = string | (() => string);

export function wordsOf(words: Words): string {
  return typeof words === "string" ? words : words();
}

/**
 * What the word of an argument counts from: nothing, or where a segment of the data begins. Or it is not a word: a
 * wide number has 64 bits, and is put into the data.
 */
export const BASES = { none: 0, structures: 1, strings: 2, scratch: 3, wide: 4 } as const;

/**
 * An argument that is more than a plain number. All have these three, whatever else they have: one and the same
 * loop encodes them (encode.ts).
 */
export interface Encodable {
  /** How the stage makes a value of the word: see ARGUMENT_TAGS. */
  readonly tag: number;
  readonly word: number;
  /** One of BASES. */
  readonly base: number;
}

/** A register that holds the result of an earlier op. Its word is its number, its name is for the listing. */
export interface Register extends Encodable {
  readonly kind: "register";
  readonly name: string;
}

/**
 * A piece of the program's data: an argument that names one becomes its address. Its word is its offset in the
 * segment, in bytes. Scratch comes with the stage's memory and not with the program: it begins zeroed.
 */
export interface DataReference extends Encodable {
  readonly kind: "data";
  /** In bytes; of a string, with its NUL. */
  readonly size: number;
  /** How the listing shows it. */
  readonly text: Words;
}

/** The offset of a piece of data as a plain number: for the ops that check the range themselves. */
export interface DataOffset extends Encodable {
  readonly kind: "offset";
  readonly of: DataReference;
  readonly plus: number;
}

export type FlagNames = Readonly<Record<string, number>>;

/** A number that the listing shows by other words, such as the names of flags. */
export interface NamedNumber extends Encodable {
  readonly kind: "named";
  /** The words; or the flags to choose them from, since only a listing needs them. */
  readonly text: Words | FlagNames;
}

export type Argument = number | NamedNumber | Register | DataReference | DataOffset;

/** Whether a number has no room in a word. */
export function isWide(value: number): boolean {
  return value > 0xffff_ffff || value < -0x8000_0000;
}

/** A place in the program that jumps can name before it is known. */
export interface Label {
  /** The index of the op that follows; -1 until the label is placed. */
  index: number;
}

/** Errors that an op survives: it then continues at `target` or, without one, with the next op. */
export interface Catch {
  /** Errno values; "any" for all. At most four. */
  readonly errnos: readonly number[] | "any";
  readonly target?: Label;
}

export interface Operation {
  readonly name: SyscallName | ControlName;
  /** As the stage decodes it: a system call's number, or CONTROL_BIT and an opcode. */
  readonly code: number;
  readonly args: readonly Argument[];
  readonly result: Register | undefined;
  readonly caught: Catch | undefined;
  /** Where a jump goes, or the parent after a fork. */
  readonly target: Label | undefined;
  /** The place in the configuration that asked for it: `mounts[3].destination`. */
  readonly reason: string;
  /** How deep in forks: the indentation of the listing. */
  readonly depth: number;
  /** What errors call it, where the call's own name would tell too little: `mount "tmpfs" on "/dev"`. */
  readonly describes: Words | undefined;
}

/** One piece of the structures segment: 32-bit words, some of which are addresses. */
export interface Structure {
  /** In bytes, within the segment; a multiple of 8. */
  readonly offset: number;
  readonly content: Uint32Array | Uint8Array;
  /** Word index in the content -> the data whose address belongs there (64 bits). */
  readonly pointers: ReadonlyMap<number, DataReference>;
}

export interface Program {
  readonly architecture: Architecture;
  readonly operations: readonly Operation[];
  readonly structures: readonly Structure[];
  readonly structureBytes: number;
  readonly strings: readonly string[];
  readonly stringBytes: number;
  readonly scratchBytes: number;
}

/** What an error says of a failed op: enough to make its sentence in another process. */
export interface Provenance {
  readonly reason: string;
  readonly call: string;
  readonly describes?: string;
}

export function provenanceOf(operation: Operation): Provenance {
  const { reason, name, describes } = operation;
  return describes === undefined
    ? { reason, call: name }
    : { reason, call: name, describes: wordsOf(describes) };
}
