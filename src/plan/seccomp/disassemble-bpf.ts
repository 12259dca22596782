// Lists a seccomp filter, one line an instruction:
//
//   0  load arch
//   1  if arch == x86_64 go to 3, else 2
//   2  go to 120
//   3  load nr
//   4  if nr >= 464 go to 5, else 6
//   5  return ERRNO(ENOSYS)

import * as bpf from "../../abi/classic-bpf.ts";
import * as kernel from "../../abi/seccomp.ts";
import { describeReturn } from "./actions.ts";

const ARCH_NAMES = new Map([
  [kernel.AUDIT_ARCH_X86_64, "x86_64"],
  [kernel.AUDIT_ARCH_I386, "x86"],
  [kernel.AUDIT_ARCH_AARCH64, "aarch64"],
  [kernel.AUDIT_ARCH_ARM, "arm"],
]);

const COMPARISONS = new Map([
  [bpf.BPF_JEQ, "=="],
  [bpf.BPF_JGT, ">"],
  [bpf.BPF_JGE, ">="],
  [bpf.BPF_JSET, "&"],
]);

interface Instruction {
  readonly code: number;
  readonly operand: number;
  /** Indices of the instructions that the two outcomes of a comparison lead to. */
  readonly yes: number;
  readonly no: number;
}

/** Instructions that no filter of this compiler has are listed as numbers. */
export function disassembleBpf(filter: Uint8Array): string[] {
  const instructions = decode(filter);
  const width = String(instructions.length).length + 2;
  const loaded = new Map<number, string>();
  return instructions.map((instruction, index) => {
    const text = describe(instruction, index, loaded);
    return `${String(index).padStart(width)}  ${text}`;
  });
}

function decode(filter: Uint8Array): Instruction[] {
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const instructions: Instruction[] = [];
  for (let offset = 0; offset < filter.byteLength; offset += bpf.SOCK_FILTER_BYTES) {
    const next = instructions.length + 1;
    instructions.push({
      code: view.getUint16(offset, true),
      yes: next + view.getUint8(offset + 2),
      no: next + view.getUint8(offset + 3),
      operand: view.getUint32(offset + 4, true),
    });
  }
  return instructions;
}

/** `loaded`: what the accumulator holds before an instruction. Jumps only lead forwards. */
function describe(instruction: Instruction, index: number, loaded: Map<number, string>): string {
  const { code, operand, yes, no } = instruction;
  const subject = loaded.get(index) ?? "a";
  switch (code) {
    case bpf.BPF_LD | bpf.BPF_W | bpf.BPF_ABS:
      loaded.set(index + 1, fieldName(operand));
      return `load ${fieldName(operand)}`;
    case bpf.BPF_ALU | bpf.BPF_AND | bpf.BPF_K:
      loaded.set(index + 1, `(${subject} & ${hexadecimal(operand)})`);
      return `keep the bits ${hexadecimal(operand)}`;
    case bpf.BPF_RET | bpf.BPF_K:
      return `return ${describeReturn(operand)}`;
    case bpf.BPF_JMP | bpf.BPF_JA:
      loaded.set(index + 1 + operand, subject);
      return `go to ${index + 1 + operand}`;
    default:
      break;
  }
  const comparison = COMPARISONS.get(code & 0xf0);
  if ((code & 0x0f) !== (bpf.BPF_JMP | bpf.BPF_K) || comparison === undefined) {
    return `code ${hexadecimal(code)} operand ${hexadecimal(operand)}`;
  }
  loaded.set(yes, subject);
  loaded.set(no, subject);
  return `if ${subject} ${comparison} ${valueName(subject, operand)} go to ${yes}, else ${no}`;
}

function fieldName(offset: number): string {
  switch (offset) {
    case kernel.SECCOMP_DATA_NR:
      return "nr";
    case kernel.SECCOMP_DATA_ARCH:
      return "arch";
    default: {
      const distance = offset - kernel.SECCOMP_DATA_ARGS;
      const half = distance % 8 === 0 ? "low" : "high";
      return distance < 0 ? `data[${offset}]` : `args[${distance >> 3}].${half}`;
    }
  }
}

function valueName(subject: string, value: number): string {
  if (subject === "nr") {
    return String(value);
  }
  const arch = subject === "arch" ? ARCH_NAMES.get(value) : undefined;
  return arch ?? hexadecimal(value);
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}
