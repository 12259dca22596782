import { describe, expect, test } from "bun:test";
import { x86_64 } from "../abi/x86-64.ts";
import { Errno } from "../error/errno.ts";
import { offsetOf, ProgramBuilder } from "./builder.ts";
import { encodeProgram } from "./encode.ts";
import {
  ANY_ERRNO,
  ARGUMENT_TAGS,
  CONTROL_BIT,
  HEADER_BYTES,
  NO_REGISTER,
  OP_BYTES,
  OPCODES,
  PROGRAM_MAGIC,
} from "./opcodes.ts";

interface DecodedOp {
  readonly code: number;
  readonly target: number;
  readonly caught: readonly number[];
  readonly result: number;
  readonly args: readonly { readonly tag: number; readonly value: number }[];
}

/** A second reading of the format, for the tests alone. */
function decodeOp(bytes: Uint8Array, index: number): DecodedOp {
  const view = new DataView(bytes.buffer);
  const at = HEADER_BYTES + index * OP_BYTES;
  const tags = view.getUint32(at + 8, true);
  return {
    code: view.getUint16(at, true),
    target: view.getUint16(at + 2, true),
    caught: [0, 1, 2, 3].map((position) => bytes[at + 4 + position] ?? 0),
    result: tags >>> 24,
    args: [0, 1, 2, 3, 4, 5].map((position) => ({
      tag: (tags >>> (4 * position)) & 15,
      value: view.getUint32(at + 12 + 4 * position, true),
    })),
  };
}

function dataOf(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer);
  return bytes.subarray(bytes.length - view.getUint32(16, true));
}

describe("encodeProgram", () => {
  test("writes magic, counts and sizes into the header", () => {
    const program = new ProgramBuilder(x86_64);
    program.call("getpid", []);
    program.space(100, "room");
    const bytes = encodeProgram(program.finish());
    const view = new DataView(bytes.buffer);
    const words = [0, 1, 2, 3, 4, 5].map((index) => view.getUint32(index * 4, true));
    expect(words).toEqual([PROGRAM_MAGIC, 1, 1, 0, 0, 104]);
  });

  test("tags every kind of argument", () => {
    const program = new ProgramBuilder(x86_64);
    const fd = program.call("openat", [-100, program.text("/x"), 2 ** 40], { result: "fd" });
    program.call("write", [fd, program.text("/x"), 7]);
    const bytes = encodeProgram(program.finish());
    const open = decodeOp(bytes, 0);
    expect(open.code).toBe(x86_64.syscalls.openat);
    expect(open.result).toBe(fd.word);
    expect(open.args.slice(0, 3).map(({ tag }) => tag)).toEqual([
      ARGUMENT_TAGS.signed,
      ARGUMENT_TAGS.data,
      ARGUMENT_TAGS.wide,
    ]);
    expect(open.args[0]?.value).toBe(2 ** 32 - 100);
    const wide = new DataView(bytes.buffer, bytes.length - dataOf(bytes).length);
    expect(wide.getBigUint64(open.args[2]?.value ?? 0, true)).toBe(1n << 40n);
    const write = decodeOp(bytes, 1);
    expect(write.args[0]).toEqual({ tag: ARGUMENT_TAGS.register, value: fd.word });
    expect(write.args[2]).toEqual({ tag: ARGUMENT_TAGS.unsigned, value: 7 });
    expect(write.result).toBe(NO_REGISTER);
  });

  test("places strings once, in UTF-8, each with its NUL", () => {
    const program = new ProgramBuilder(x86_64);
    const first = program.text("añ€😀");
    const second = program.text("b");
    expect(program.text("b")).toBe(second);
    expect([first.size, second.word]).toEqual([11, 11]);
    program.call("chdir", [second]);
    const data = dataOf(encodeProgram(program.finish()));
    expect(new TextDecoder().decode(data).replaceAll("\0", "|")).toStartWith("añ€😀|b|");
  });

  test("relocates the pointers of structures", () => {
    const program = new ProgramBuilder(x86_64);
    program.stringVector(["one", "two"], "argv");
    const bytes = encodeProgram(program.finish());
    const view = new DataView(bytes.buffer);
    expect(view.getUint32(12, true)).toBe(2);
    const relocations = [0, 1].map((index) => view.getUint32(HEADER_BYTES + index * 4, true));
    expect(relocations).toEqual([0, 8]);
    const data = dataOf(bytes);
    const pointers = new DataView(data.buffer, data.byteOffset);
    const text = (word: number) => {
      const start = Number(pointers.getBigUint64(word * 8, true));
      return new TextDecoder().decode(data.subarray(start, data.indexOf(0, start)));
    };
    expect([text(0), text(1), pointers.getBigUint64(16, true)]).toEqual(["one", "two", 0n]);
  });

  test("resolves labels, forwards and backwards, and lists caught errors", () => {
    const program = new ProgramBuilder(x86_64);
    const start = program.label();
    const end = program.label();
    program.place(start);
    program.call("getpid", [], { caught: { errnos: [Errno.ENOENT, Errno.EPERM], target: end } });
    program.call("getppid", [], { caught: { errnos: "any" } });
    program.jump(start);
    program.place(end);
    const bytes = encodeProgram(program.finish());
    const [first, second, third] = [0, 1, 2].map((index) => decodeOp(bytes, index));
    expect([first?.target, first?.caught]).toEqual([3, [Errno.ENOENT, Errno.EPERM, 0, 0]]);
    expect([second?.target, second?.caught[0]]).toEqual([2, ANY_ERRNO]);
    expect([third?.code, third?.target]).toEqual([CONTROL_BIT | OPCODES.jump, 0]);
  });

  test("puts scratch behind the data that the file has", () => {
    const program = new ProgramBuilder(x86_64);
    const room = program.space(16, "room");
    program.control("load", [offsetOf(room, 8), 8], { result: "value" });
    program.call("chdir", [program.text("/")]);
    const bytes = encodeProgram(program.finish());
    expect(decodeOp(bytes, 0).args[0]?.value).toBe(dataOf(bytes).length + 8);
  });

  test("refuses a label that was never placed, and a NUL in a string", () => {
    const program = new ProgramBuilder(x86_64);
    program.jump(program.label());
    expect(() => encodeProgram(program.finish())).toThrow("never placed");
    expect(() => program.text("a\0b")).toThrow("NUL");
  });
});
