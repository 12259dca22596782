import { describe, expect, test } from "bun:test";
import { aarch64 } from "../aarch64.ts";
import { x86_64 } from "../x86-64.ts";
import { syscallName, syscallNumber, syscallRow } from "./lookup.ts";
import { MULTIPLEXER_NAMES, MULTIPLEXERS } from "./multiplexed.ts";
import { SYSCALL_NAMES } from "./names.ts";
import { SYSCALL_ABIS, SYSCALL_TABLES, type SyscallAbi } from "./table.ts";

describe("numbers by name", () => {
  const check = (abi: SyscallAbi, name: string, number: number | undefined): void => {
    test(`${abi} ${name} is ${number}`, () => {
      expect(syscallNumber(abi, name)).toBe(number);
    });
  };
  check("x86_64", "read", 0);
  check("x86_64", "clone3", 435);
  check("x86_64", "fcntl64", undefined);
  check("x86", "restart_syscall", 0);
  check("x86", "socket", 359);
  check("x86", "fcntl64", 221);
  check("x32", "read", 0);
  check("x32", "execve", 520);
  check("x32", "map_shadow_stack", undefined);
  check("aarch64", "io_setup", 0);
  check("aarch64", "fcntl", 25);
  check("aarch64", "newfstatat", 79);
  check("aarch64", "open", undefined);
  check("arm", "arm_sync_file_range", 341);
  check("arm", "sync_file_range2", 341);
  check("arm", "set_tls", 983045);
  check("arm", "mseal", 462);
  check("x86_64", "no_such_call", undefined);
  check("x86_64", "", undefined);
});

test("the calls that ocicat makes itself have the numbers of its own tables", () => {
  for (const [abi, own] of [
    ["x86_64", x86_64],
    ["aarch64", aarch64],
  ] as const) {
    const numbers: Readonly<Record<string, number>> = own.syscalls;
    const fromTables = Object.keys(numbers).map((name) => [name, syscallNumber(abi, name)]);
    expect(Object.fromEntries(fromTables)).toEqual(numbers);
  }
});

test("every number leads to a name that leads back to it", () => {
  const numbers = SYSCALL_ABIS.flatMap((abi) =>
    SYSCALL_TABLES[abi].segments.flatMap(({ first, rows }) =>
      rows.map((_, index) => ({ abi, number: first + index })),
    ),
  );
  const named = numbers.flatMap(({ abi, number }) => {
    const name = syscallName(abi, number);
    return name === undefined ? [] : [{ abi, number, back: syscallNumber(abi, name) }];
  });
  expect(named.length).toBeGreaterThan(1900);
  expect(named.filter(({ number, back }) => number !== back)).toEqual([]);
  expect(syscallName("x86_64", 400)).toBeUndefined();
  expect(syscallName("x86_64", -1)).toBeUndefined();
});

test("rows are the places of the names", () => {
  const names = SYSCALL_NAMES.split(" ");
  expect(names.map(syscallRow)).toEqual(names.map((_, row) => row));
});

test("multiplexed calls and their multiplexers are calls of 32-bit x86", () => {
  for (const multiplexer of MULTIPLEXER_NAMES) {
    expect(syscallNumber("x86", multiplexer)).toBeDefined();
    const unknown = MULTIPLEXERS[multiplexer].filter(({ name }) => syscallRow(name) === undefined);
    expect(unknown).toEqual([]);
  }
});
