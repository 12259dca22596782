// Runs a seccomp filter as the kernel would: for tests, and to ask a compiled filter what becomes of a
// call. It refuses what the kernel refuses to load as far as it runs into it.

import * as bpf from "../../abi/classic-bpf.ts";
import * as kernel from "../../abi/seccomp.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { Uint64 } from "../../oci/process.ts";
import { splitWord64 } from "./word64.ts";

/** struct seccomp_data: what a filter sees of a call. */
export interface SeccompData {
  /** AUDIT_ARCH_*. */
  readonly arch: number;
  readonly nr: number;
  /** Up to six; those left out are zero. */
  readonly args?: readonly Uint64[];
  readonly instructionPointer?: Uint64;
}

export interface FilterRun {
  /** SECCOMP_RET_* with its data. */
  readonly action: number;
  /** Instructions executed. */
  readonly executed: number;
}

/** What the filter returns for a call: SECCOMP_RET_* with its data. */
export function simulateBpf(filter: Uint8Array, data: SeccompData): number {
  return runBpf(filter, data).action;
}

export function runBpf(filter: Uint8Array, data: SeccompData): FilterRun {
  const machine = new Machine(filter, dataWords(data));
  while (machine.action === undefined) {
    machine.step();
  }
  return { action: machine.action, executed: machine.executed };
}

function dataWords(data: SeccompData): Uint32Array {
  const words = new Uint32Array(kernel.SECCOMP_DATA_BYTES / 4);
  words[kernel.SECCOMP_DATA_NR / 4] = data.nr;
  words[kernel.SECCOMP_DATA_ARCH / 4] = data.arch;
  const quads = [data.instructionPointer ?? 0, ...(data.args ?? [])];
  for (const [index, quad] of quads.entries()) {
    const { high, low } = splitWord64(quad);
    words[kernel.SECCOMP_DATA_INSTRUCTION_POINTER / 4 + index * 2] = low;
    words[kernel.SECCOMP_DATA_INSTRUCTION_POINTER / 4 + index * 2 + 1] = high;
  }
  return words;
}

interface Instruction {
  readonly code: number;
  readonly yes: number;
  readonly no: number;
  readonly operand: number;
}

class Machine {
  action: number | undefined;
  executed = 0;
  readonly #program: DataView;
  readonly #data: Uint32Array;
  readonly #memory = new Uint32Array(bpf.BPF_MEMWORDS);
  #next = 0;
  #accumulator = 0;
  #index = 0;

  constructor(filter: Uint8Array, data: Uint32Array) {
    this.#program = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
    this.#data = data;
  }

  step(): void {
    const instruction = this.#fetch();
    this.executed += 1;
    switch (instruction.code & 0x07) {
      case bpf.BPF_LD:
        this.#accumulator = this.#loaded(instruction);
        return;
      case bpf.BPF_LDX:
        this.#index = this.#loaded(instruction);
        return;
      case bpf.BPF_ST:
        this.#memory[instruction.operand] = this.#accumulator;
        return;
      case bpf.BPF_STX:
        this.#memory[instruction.operand] = this.#index;
        return;
      case bpf.BPF_ALU:
        this.#accumulator = this.#computed(instruction) >>> 0;
        return;
      case bpf.BPF_JMP:
        this.#next += this.#skipped(instruction);
        return;
      case bpf.BPF_RET:
        this.action = this.#returned(instruction);
        return;
      default:
        this.#transfer(instruction);
    }
  }

  #fetch(): Instruction {
    const offset = this.#next * bpf.SOCK_FILTER_BYTES;
    if (offset + bpf.SOCK_FILTER_BYTES > this.#program.byteLength) {
      throw this.#fault("runs past its end");
    }
    this.#next += 1;
    return {
      code: this.#program.getUint16(offset, true),
      yes: this.#program.getUint8(offset + 2),
      no: this.#program.getUint8(offset + 3),
      operand: this.#program.getUint32(offset + 4, true),
    };
  }

  #loaded({ code, operand }: Instruction): number {
    switch (code & 0xe0) {
      case bpf.BPF_IMM:
        return operand;
      case bpf.BPF_ABS:
        return this.#word(this.#data, operand / 4);
      case bpf.BPF_MEM:
        return this.#word(this.#memory, operand);
      case bpf.BPF_LEN:
        return kernel.SECCOMP_DATA_BYTES;
      default:
        throw this.#fault(`loads in an unknown mode (0x${code.toString(16)})`);
    }
  }

  #word(words: Uint32Array, index: number): number {
    const word = words[index];
    if (word === undefined) {
      throw this.#fault(`reads word ${index} of ${words.length}`);
    }
    return word;
  }

  #source({ code, operand }: Instruction): number {
    return (code & bpf.BPF_X) === 0 ? operand : this.#index;
  }

  #computed(instruction: Instruction): number {
    const left = this.#accumulator;
    const right = this.#source(instruction);
    switch (instruction.code & 0xf0) {
      case bpf.BPF_ADD:
        return left + right;
      case bpf.BPF_SUB:
        return left - right;
      case bpf.BPF_MUL:
        return Math.imul(left, right);
      case bpf.BPF_DIV:
        return right === 0 ? 0 : Math.floor(left / right);
      case bpf.BPF_OR:
        return left | right;
      case bpf.BPF_AND:
        return left & right;
      case bpf.BPF_XOR:
        return left ^ right;
      case bpf.BPF_LSH:
        return left << right;
      case bpf.BPF_RSH:
        return left >>> right;
      case bpf.BPF_NEG:
        return -left;
      default:
        throw this.#fault(`computes in an unknown way (0x${instruction.code.toString(16)})`);
    }
  }

  #skipped(instruction: Instruction): number {
    const operation = instruction.code & 0xf0;
    if (operation === bpf.BPF_JA) {
      return instruction.operand;
    }
    return this.#compares(operation, this.#source(instruction)) ? instruction.yes : instruction.no;
  }

  #compares(operation: number, value: number): boolean {
    switch (operation) {
      case bpf.BPF_JEQ:
        return this.#accumulator === value;
      case bpf.BPF_JGT:
        return this.#accumulator > value;
      case bpf.BPF_JGE:
        return this.#accumulator >= value;
      case bpf.BPF_JSET:
        return (this.#accumulator & value) !== 0;
      default:
        throw this.#fault(`jumps on an unknown condition (0x${operation.toString(16)})`);
    }
  }

  #returned({ code, operand }: Instruction): number {
    return (code & 0x18) === bpf.BPF_A ? this.#accumulator : operand;
  }

  #transfer({ code }: Instruction): void {
    if ((code & 0xf8) === bpf.BPF_TXA) {
      this.#accumulator = this.#index;
    } else {
      this.#index = this.#accumulator;
    }
  }

  #fault(reason: string): OcicatError {
    return new OcicatError("internal", {
      operation: "simulate",
      subject: `filter instruction ${this.#next}`,
      reason,
    });
  }
}
