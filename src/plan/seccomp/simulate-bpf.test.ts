import { describe, expect, test } from "bun:test";
import * as bpf from "../../abi/classic-bpf.ts";
import { runBpf, type SeccompData, simulateBpf } from "./simulate-bpf.ts";

type Line = readonly [code: number, operand?: number, yes?: number, no?: number];

const RETURN_ACCUMULATOR: Line = [bpf.BPF_RET | bpf.BPF_A];
const DATA: SeccompData = { arch: 0xc000003e, nr: 7, args: [0x1_0000_0002, 0xfedcba9876543210n] };

function assemble(lines: readonly Line[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(lines.length * 8));
  for (const [index, [code, operand = 0, yes = 0, no = 0]] of lines.entries()) {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, yes);
    view.setUint8(index * 8 + 3, no);
    view.setUint32(index * 8 + 4, operand, true);
  }
  return new Uint8Array(view.buffer);
}

function result(...lines: readonly Line[]): number {
  return simulateBpf(assemble([...lines, RETURN_ACCUMULATOR]), DATA);
}

describe("loads", () => {
  const check = (name: string, code: number, operand: number, value: number): void => {
    test(name, () => {
      expect(result([code, operand])).toBe(value);
    });
  };
  check("nr", bpf.BPF_LD | bpf.BPF_ABS, 0, 7);
  check("arch", bpf.BPF_LD | bpf.BPF_ABS, 4, 0xc000003e);
  check("instruction pointer", bpf.BPF_LD | bpf.BPF_ABS, 8, 0);
  check("args[0] low", bpf.BPF_LD | bpf.BPF_ABS, 16, 2);
  check("args[0] high", bpf.BPF_LD | bpf.BPF_ABS, 20, 1);
  check("args[1] low", bpf.BPF_LD | bpf.BPF_ABS, 24, 0x76543210);
  check("args[1] high", bpf.BPF_LD | bpf.BPF_ABS, 28, 0xfedcba98);
  check("args[5] is zero when left out", bpf.BPF_LD | bpf.BPF_ABS, 60, 0);
  check("immediate", bpf.BPF_LD | bpf.BPF_IMM, 9, 9);
  check("length", bpf.BPF_LD | bpf.BPF_LEN, 0, 64);
});

describe("arithmetic wraps at 32 bits", () => {
  const check = (operation: number, left: number, right: number, value: number): void => {
    test(`operation 0x${operation.toString(16)} of ${left} and ${right}`, () => {
      const load: Line = [bpf.BPF_LD | bpf.BPF_IMM, left];
      expect(result(load, [bpf.BPF_ALU | operation | bpf.BPF_K, right])).toBe(value);
      const loadIndex: Line = [bpf.BPF_LDX | bpf.BPF_IMM, right];
      expect(result(load, loadIndex, [bpf.BPF_ALU | operation | bpf.BPF_X])).toBe(value);
    });
  };
  check(bpf.BPF_ADD, 0xffffffff, 2, 1);
  check(bpf.BPF_SUB, 1, 2, 0xffffffff);
  check(bpf.BPF_MUL, 0x10001, 0x10001, 0x20001);
  check(bpf.BPF_DIV, 0xffffffff, 2, 0x7fffffff);
  check(bpf.BPF_OR, 0x80000000, 1, 0x80000001);
  check(bpf.BPF_AND, 0xff00ff00, 0xffff0000, 0xff000000);
  check(bpf.BPF_XOR, 0xffffffff, 1, 0xfffffffe);
  check(bpf.BPF_LSH, 0x40000001, 1, 0x80000002);
  check(bpf.BPF_RSH, 0x80000000, 31, 1);
  check(bpf.BPF_NEG, 1, 0, 0xffffffff);
});

describe("jumps", () => {
  const check = (operation: number, left: number, right: number, taken: boolean): void => {
    test(`operation 0x${operation.toString(16)} of ${left} and ${right}`, () => {
      const filter = assemble([
        [bpf.BPF_LD | bpf.BPF_IMM, left],
        [bpf.BPF_JMP | operation | bpf.BPF_K, right, 1, 0],
        [bpf.BPF_RET | bpf.BPF_K, 100],
        [bpf.BPF_RET | bpf.BPF_K, 200],
      ]);
      expect(runBpf(filter, DATA)).toEqual({ action: taken ? 200 : 100, executed: 3 });
    });
  };
  check(bpf.BPF_JEQ, 0xffffffff, 0xffffffff, true);
  check(bpf.BPF_JEQ, 1, 2, false);
  check(bpf.BPF_JGT, 0x80000000, 1, true);
  check(bpf.BPF_JGT, 1, 1, false);
  check(bpf.BPF_JGE, 1, 1, true);
  check(bpf.BPF_JGE, 0, 0x80000000, false);
  check(bpf.BPF_JSET, 0x80000001, 0x80000000, true);
  check(bpf.BPF_JSET, 1, 2, false);

  test("an unconditional one skips as many as its operand says", () => {
    const lines: Line[] = [
      [bpf.BPF_JMP | bpf.BPF_JA, 1],
      [bpf.BPF_RET, 1],
      [bpf.BPF_RET, 2],
    ];
    expect(simulateBpf(assemble(lines), DATA)).toBe(2);
  });
});

test("scratch memory and the index register", () => {
  expect(
    result(
      [bpf.BPF_LD | bpf.BPF_IMM, 5],
      [bpf.BPF_ST, 3],
      [bpf.BPF_MISC | bpf.BPF_TAX],
      [bpf.BPF_STX, 4],
      [bpf.BPF_LD | bpf.BPF_IMM, 0],
      [bpf.BPF_LD | bpf.BPF_MEM, 3],
      [bpf.BPF_LDX | bpf.BPF_MEM, 4],
      [bpf.BPF_ALU | bpf.BPF_ADD | bpf.BPF_X],
      [bpf.BPF_MISC | bpf.BPF_TAX],
      [bpf.BPF_LD | bpf.BPF_IMM, 0],
      [bpf.BPF_MISC | bpf.BPF_TXA],
    ),
  ).toBe(10);
});

describe("what the kernel would not load", () => {
  const check = (name: string, lines: readonly Line[], text: string): void => {
    test(name, () => {
      expect(() => simulateBpf(assemble(lines), DATA)).toThrow(text);
    });
  };
  check("no return", [[bpf.BPF_LD | bpf.BPF_IMM, 1]], "runs past its end");
  check("a jump past the end", [[bpf.BPF_JMP | bpf.BPF_JA, 9]], "runs past its end");
  check("a load outside the data", [[bpf.BPF_LD | bpf.BPF_ABS, 64]], "reads word 16 of 16");
  check("a load between words", [[bpf.BPF_LD | bpf.BPF_ABS, 2]], "reads word 0.5 of 16");
  check("an unknown mode", [[bpf.BPF_LD | 0xa0, 0]], "loads in an unknown mode");
  check("an unknown condition", [[bpf.BPF_JMP | 0x50, 0]], "jumps on an unknown condition");
  check("unknown arithmetic", [[bpf.BPF_ALU | 0x90, 0]], "computes in an unknown way");
});
