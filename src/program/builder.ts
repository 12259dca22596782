// Collects operations and their data. The plan compiler calls it in the order in which things have to
// happen; nothing is reordered here.

import type { Architecture, SyscallName } from "../abi/architecture.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import {
  ARGUMENT_TAGS,
  CONTROL_BIT,
  type ControlName,
  OPCODES,
  REGISTER_COUNT,
} from "./opcodes.ts";
import {
  type Argument,
  BASES,
  type Catch,
  type DataOffset,
  type DataReference,
  type FlagNames,
  isWide,
  type Label,
  type NamedNumber,
  type Operation,
  type Program,
  type Register,
  type Structure,
  type Words,
} from "./program.ts";

export interface CallOptions {
  /** Name of the register for the result; without one it is dropped. */
  readonly result?: string;
  readonly caught?: Catch;
  /** See Operation.describes. */
  readonly describes?: Words;
}

interface NewOperation {
  readonly name: SyscallName | ControlName;
  readonly code: number;
  readonly args: readonly Argument[];
  readonly result?: Register | undefined;
  readonly caught?: Catch | undefined;
  readonly target?: Label | undefined;
  readonly describes?: Words | undefined;
}

const CODE_OF_FORK = CONTROL_BIT | OPCODES.fork;
const CODE_OF_JUMP = CONTROL_BIT | OPCODES.jump;
const NO_OPTIONS: CallOptions = {};
const NO_POINTERS: ReadonlyMap<number, DataReference> = new Map();

/** Register 0 holds the descriptor that the stage reports to. */
export const REPORT_REGISTER: Register = register(0, "report");

export class ProgramBuilder {
  readonly architecture: Architecture;
  readonly #operations: Operation[] = [];
  readonly #structures: Structure[] = [];
  #structureBytes = 0;
  #scratchBytes = 0;
  readonly #strings: string[] = [];
  #stringBytes = 0;
  readonly #internedStrings = new Map<string, DataReference>();
  readonly #sharedStructures = new Map<string, DataReference>();
  #freeRegisters: number[] = [];
  #registersUsed = 1;
  /** Of each parent whose child's part is being built: which registers are its own. */
  readonly #parents: { readonly free: number[]; readonly used: number }[] = [];
  #reason = "";
  #depth = 0;

  constructor(architecture: Architecture) {
    this.architecture = architecture;
  }

  /** The place in the configuration that the following ops serve. Returns the one before. */
  because(reason: string): string {
    const previous = this.#reason;
    this.#reason = reason;
    return previous;
  }

  /** A system call. */
  call(name: SyscallName, args: readonly Argument[], options: CallOptions = NO_OPTIONS): Register {
    return this.#append(name, this.architecture.syscalls[name], args, options);
  }

  /** A system call whose result goes to a register that exists already. */
  callInto(
    result: Register,
    name: SyscallName,
    args: readonly Argument[],
    options: Omit<CallOptions, "result"> = {},
  ): void {
    const { caught, describes } = options;
    this.#push({ name, code: this.architecture.syscalls[name], args, result, caught, describes });
  }

  /** A control operation: see OPCODES. */
  control(
    name: Exclude<ControlName, "fork" | "jump">,
    args: readonly Argument[],
    options: CallOptions = {},
  ): Register {
    return this.#append(name, CONTROL_BIT | OPCODES[name], args, options);
  }

  /** A control operation whose result goes to a register that exists already. */
  controlInto(
    result: Register,
    name: "expect" | "load" | "receive",
    args: readonly Argument[],
    options: Omit<CallOptions, "result"> = {},
  ): void {
    const { caught, describes } = options;
    this.#push({ name, code: CONTROL_BIT | OPCODES[name], args, result, caught, describes });
  }

  /**
   * clone3 with the given struct clone_args. The ops that follow are the child's, until `parent` is
   * placed: there the parent goes on, with the child's pid in the register that is returned, or an
   * error that is caught.
   */
  fork(
    cloneArgs: DataReference,
    name: string,
    parent: Label,
    caught?: Pick<Catch, "errnos">,
  ): Register {
    const result = this.#allocate(name);
    const args = [cloneArgs, cloneArgs.size];
    this.#push({ name: "fork", code: CODE_OF_FORK, args, result, caught, target: parent });
    this.#depth += 1;
    this.#parents.push({ free: [...this.#freeRegisters], used: this.#registersUsed });
    return result;
  }

  /**
   * Ends the child's part that `fork` began. The child had a copy of every register: what it gave up
   * may still be in use here, and what it took is free.
   */
  endFork(parent: Label): void {
    this.#depth -= 1;
    const registers = this.#parents.pop();
    this.#freeRegisters = registers?.free ?? [];
    this.#registersUsed = registers?.used ?? this.#registersUsed;
    this.place(parent);
  }

  jump(target: Label): void {
    this.#push({ name: "jump", code: CODE_OF_JUMP, args: [], target });
  }

  label(): Label {
    return { index: -1 };
  }

  place(label: Label): void {
    label.index = this.#operations.length;
  }

  /** Closes a descriptor and makes its register free for others. */
  close(register: Register): void {
    this.call("close", [register]);
    this.forget(register);
  }

  /** Makes a register free for others. */
  forget(register: Register): void {
    this.#freeRegisters.push(register.word);
  }

  /** A register of one's own, for a value that several ops may write. */
  register(name: string): Register {
    return this.#allocate(name);
  }

  /** A C string in the data; equal strings are stored once. */
  text(value: string): DataReference {
    const known = this.#internedStrings.get(value);
    if (known !== undefined) {
      return known;
    }
    if (value.includes("\0")) {
      throw new OcicatError("invalid-config", {
        operation: "compile",
        subject: quote(value),
        reason: "a string for the kernel cannot contain a NUL character",
      });
    }
    const reference: DataReference = {
      kind: "data",
      tag: ARGUMENT_TAGS.data,
      word: this.#stringBytes,
      base: BASES.strings,
      size: utf8Length(value) + 1,
      text: () => quote(value),
    };
    this.#strings.push(value);
    this.#stringBytes += reference.size;
    this.#internedStrings.set(value, reference);
    return reference;
  }

  /** A structure of 32-bit words; `pointers` says which (even) words become 64-bit addresses. */
  structure(
    content: Uint32Array | Uint8Array,
    text: Words,
    pointers: ReadonlyMap<number, DataReference> = NO_POINTERS,
  ): DataReference {
    const offset = this.#structureBytes;
    this.#structures.push({ offset, content, pointers });
    this.#structureBytes += Math.ceil(content.byteLength / 8) * 8;
    return {
      kind: "data",
      tag: ARGUMENT_TAGS.data,
      word: offset,
      base: BASES.structures,
      size: content.byteLength,
      text,
    };
  }

  /** A structure that ops only read: made once for each `key`. */
  sharedStructure(key: string, text: Words, make: () => Uint32Array): DataReference {
    const known = this.#sharedStructures.get(key);
    if (known !== undefined) {
      return known;
    }
    const reference = this.structure(make(), text);
    this.#sharedStructures.set(key, reference);
    return reference;
  }

  /** Zeroed room for `size` bytes that ops write to. */
  space(size: number, text: Words): DataReference {
    const offset = this.#scratchBytes;
    this.#scratchBytes += Math.ceil(size / 8) * 8;
    return { kind: "data", tag: ARGUMENT_TAGS.data, word: offset, base: BASES.scratch, size, text };
  }

  /** A NULL-terminated array of C strings, as execve takes it. */
  stringVector(strings: readonly string[], text: Words): DataReference {
    const pointers = new Map<number, DataReference>();
    strings.forEach((string, index) => {
      pointers.set(index * 2, this.text(string));
    });
    return this.structure(new Uint32Array((strings.length + 1) * 2), text, pointers);
  }

  /** Index of the next op. */
  get position(): number {
    return this.#operations.length;
  }

  finish(): Program {
    return {
      architecture: this.architecture,
      operations: this.#operations,
      structures: this.#structures,
      structureBytes: this.#structureBytes,
      strings: this.#strings,
      stringBytes: this.#stringBytes,
      scratchBytes: this.#scratchBytes,
    };
  }

  #append(
    name: SyscallName | ControlName,
    code: number,
    args: readonly Argument[],
    options: CallOptions,
  ): Register {
    const result = options.result === undefined ? undefined : this.#allocate(options.result);
    // Nearly every op comes this way: no other object is made for it.
    this.#operations.push({
      name,
      code,
      args,
      result,
      caught: options.caught,
      target: undefined,
      reason: this.#reason,
      depth: this.#depth,
      describes: options.describes,
    });
    return result ?? REPORT_REGISTER;
  }

  #push(operation: NewOperation): void {
    this.#operations.push({
      name: operation.name,
      code: operation.code,
      args: operation.args,
      result: operation.result,
      caught: operation.caught,
      target: operation.target,
      reason: this.#reason,
      depth: this.#depth,
      describes: operation.describes,
    });
  }

  #allocate(name: string): Register {
    const index = this.#freeRegisters.pop() ?? this.#registersUsed++;
    if (index >= REGISTER_COUNT) {
      throw new OcicatError("internal", {
        operation: "compile",
        subject: this.#reason,
        reason: `more than ${REGISTER_COUNT} registers are in use`,
      });
    }
    return register(index, name);
  }
}

function register(index: number, name: string): Register {
  return { kind: "register", tag: ARGUMENT_TAGS.register, word: index, base: BASES.none, name };
}

/** The offset of `reference` as a number, for ops that take a range of the data. */
export function offsetOf(reference: DataReference, plus = 0): DataOffset {
  return {
    kind: "offset",
    tag: ARGUMENT_TAGS.unsigned,
    word: reference.word + plus,
    base: reference.base,
    of: reference,
    plus,
  };
}

/** A number with the words that the listing shows for it. */
export function named(value: number, text: Words): NamedNumber {
  if (isWide(value)) {
    return { kind: "named", tag: ARGUMENT_TAGS.wide, word: value, base: BASES.wide, text };
  }
  const tag = value < 0 ? ARGUMENT_TAGS.signed : ARGUMENT_TAGS.unsigned;
  return { kind: "named", tag, word: value, base: BASES.none, text };
}

/** A number of 32 bits that the listing shows as the names of its flags. */
export function flags(value: number, names: FlagNames): NamedNumber {
  return { kind: "named", tag: ARGUMENT_TAGS.unsigned, word: value, base: BASES.none, text: names };
}

const encoder = new TextEncoder();
const measured = new Uint8Array(1024);
const MOST_BYTES = 3;

/** In bytes. The encoder goes through a text many times faster than an engine that compiles nothing. */
function utf8Length(text: string): number {
  const fits = text.length * MOST_BYTES <= measured.length;
  return fits ? encoder.encodeInto(text, measured).written : encoder.encode(text).length;
}
