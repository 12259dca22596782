// Answers what number a system call has in a binary interface. The names are split and hashed at the
// first question and kept: they are constants.

import { SYSCALL_NAMES } from "./names.ts";
import { SYSCALL_TABLES, type SyscallAbi } from "./table.ts";

let rowByName: ReadonlyMap<string, number> | undefined;

/** The row of a name in the tables; undefined for a name that no interface has. */
export function syscallRow(name: string): number | undefined {
  rowByName ??= hashNames();
  return rowByName.get(name);
}

function hashNames(): ReadonlyMap<string, number> {
  const names = SYSCALL_NAMES.split(" ");
  const rows = new Map<string, number>();
  for (let row = 0; row < names.length; row++) {
    rows.set(names[row] ?? "", row);
  }
  return rows;
}

/** A call's number; that of x32 without its bit 30. Undefined where the interface lacks the call. */
export function syscallNumber(abi: SyscallAbi, name: string): number | undefined {
  const row = syscallRow(name);
  const { segments, aliases } = SYSCALL_TABLES[abi];
  for (const { first, rows } of segments) {
    const index = row === undefined ? -1 : rows.indexOf(row);
    if (index >= 0) {
      return first + index;
    }
  }
  return aliases.find((alias) => alias.row === row)?.number;
}

/** The name of a number, for listings; that of x32 without its bit 30. */
export function syscallName(abi: SyscallAbi, number: number): string | undefined {
  for (const { first, rows } of SYSCALL_TABLES[abi].segments) {
    const row = rows[number - first] ?? -1;
    if (row >= 0) {
      return SYSCALL_NAMES.split(" ")[row];
    }
  }
  return undefined;
}
