// Writes src/abi/syscall-tables: names.ts has every system call's name, table.ts its number in each
// binary interface. With --check only compares.
//
// The numbers come from the kernel's headers in Debian packages, plus the calls that Linux gained
// since those headers (NEWER_CALLS), which have the same number everywhere. The C preprocessor reads
// the headers. A check leaves out the columns whose headers are not installed.

import { existsSync } from "node:fs";
import type { SyscallAbi } from "../src/abi/syscall-tables/table.ts";

const FOLDER = "src/abi/syscall-tables";

type Column = ReadonlyMap<string, number>;

interface HeaderSource {
  readonly package: string;
  readonly folder: string;
  readonly header: string;
  readonly defines: readonly string[];
}

const HEADERS: Readonly<Record<SyscallAbi, HeaderSource>> = {
  x86_64: {
    package: "linux-libc-dev",
    folder: "/usr/include/x86_64-linux-gnu",
    header: "asm/unistd_64.h",
    defines: [],
  },
  x86: {
    package: "linux-libc-dev",
    folder: "/usr/include/x86_64-linux-gnu",
    header: "asm/unistd_32.h",
    defines: [],
  },
  x32: {
    package: "linux-libc-dev",
    folder: "/usr/include/x86_64-linux-gnu",
    header: "asm/unistd_x32.h",
    defines: ["__X32_SYSCALL_BIT=0"],
  },
  aarch64: {
    package: "linux-libc-dev-arm64-cross",
    folder: "/usr/aarch64-linux-gnu/include",
    header: "asm/unistd.h",
    defines: ["__aarch64__", "__LP64__"],
  },
  arm: {
    package: "linux-libc-dev-armhf-cross",
    folder: "/usr/arm-linux-gnueabihf/include",
    header: "asm/unistd.h",
    defines: ["__arm__", "__ARM_EABI__"],
  },
};

const SYSCALL_ABIS = Object.keys(HEADERS) as SyscallAbi[];

/** Since Linux 6.2 (the headers are 6.1's); the same number in every interface but those named. */
const NEWER_CALLS: readonly { name: string; number: number; abis?: readonly SyscallAbi[] }[] = [
  { name: "uretprobe", number: 335, abis: ["x86_64"] },
  { name: "uprobe", number: 336, abis: ["x86_64"] },
  { name: "cachestat", number: 451 },
  { name: "fchmodat2", number: 452 },
  { name: "map_shadow_stack", number: 453, abis: ["x86_64", "x86", "aarch64", "arm"] },
  { name: "futex_wake", number: 454 },
  { name: "futex_wait", number: 455 },
  { name: "futex_requeue", number: 456 },
  { name: "statmount", number: 457 },
  { name: "listmount", number: 458 },
  { name: "lsm_get_self_attr", number: 459 },
  { name: "lsm_set_self_attr", number: 460 },
  { name: "lsm_list_modules", number: 461 },
  { name: "mseal", number: 462 },
  { name: "setxattrat", number: 463 },
  { name: "getxattrat", number: 464 },
  { name: "listxattrat", number: 465 },
  { name: "removexattrat", number: 466 },
  { name: "open_tree_attr", number: 467 },
  { name: "file_getattr", number: 468 },
  { name: "file_setattr", number: 469 },
  { name: "listns", number: 470 },
  { name: "rseq_slice_yield", number: 471 },
];

/** Defined by the headers beside the calls, and not calls. */
const NOT_CALLS = new Set([
  "syscalls",
  "arch_specific_syscall",
  "SYSCALL_BASE",
  "SYSCALL_MASK",
  "OABI_SYSCALL_BASE",
  "BASE",
]);

/** The calls of one interface, as its preprocessor lists them and NEWER_CALLS adds to them. */
async function readColumn(abi: SyscallAbi): Promise<Column> {
  const source = HEADERS[abi];
  const macros = parseMacros(await preprocess(source));
  const column = new Map<string, number>();
  for (const macro of macros.keys()) {
    const name = /^__(?:ARM_)?NR_(.*)$/.exec(macro)?.[1];
    if (name !== undefined && !NOT_CALLS.has(name)) {
      column.set(name, macroValue(macro, macros));
    }
  }
  for (const call of NEWER_CALLS) {
    if (call.abis?.includes(abi) ?? true) {
      column.set(call.name, call.number);
    }
  }
  return column;
}

/** Every macro that the header defines, as `#define` lines. */
async function preprocess(source: HeaderSource): Promise<string> {
  const defines = source.defines.map((define) => `-D${define}`);
  const child = Bun.spawn(
    ["gcc", "-E", "-dM", "-nostdinc", "-undef", `-I${source.folder}`, ...defines, "-"],
    { stdin: new Blob([`#include <${source.header}>\n`]), stdout: "pipe", stderr: "inherit" },
  );
  const text = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) {
    throw new Error(`preprocess "${source.header}" of ${source.package}: gcc failed`);
  }
  return text;
}

function parseMacros(text: string): Map<string, string> {
  const macros = new Map<string, string>();
  for (const [, name, body] of text.matchAll(/^#define (\w+) (.+)$/gm)) {
    macros.set(name ?? "", body ?? "");
  }
  return macros;
}

/** The number that a macro stands for: the headers write numbers, other macros and sums of both. */
function macroValue(expression: string, macros: ReadonlyMap<string, string>): number {
  let sum = 0;
  for (const term of expression.replace(/[()\s]/g, "").split("+")) {
    const body = macros.get(term);
    sum += body === undefined ? Number(term) : macroValue(body, macros);
  }
  if (!Number.isInteger(sum)) {
    throw new Error(`read the system call number "${expression}": it is not a sum of numbers`);
  }
  return sum;
}

async function committedColumn(abi: SyscallAbi): Promise<Column> {
  const { SYSCALL_NAMES } = await import("../src/abi/syscall-tables/names.ts");
  const { SYSCALL_TABLES } = await import("../src/abi/syscall-tables/table.ts");
  const names = SYSCALL_NAMES.split(" ");
  const { segments, aliases } = SYSCALL_TABLES[abi];
  const calls = segments.flatMap(({ first, rows }) =>
    rows.map((row, index) => ({ number: first + index, row })),
  );
  const column = new Map<string, number>();
  for (const { number, row } of [...calls, ...aliases]) {
    const name = names[row];
    if (name !== undefined) {
      column.set(name, number);
    }
  }
  return column;
}

type Columns = Readonly<Record<SyscallAbi, Column>>;

function allNames(columns: Columns): string[] {
  return [...new Set(SYSCALL_ABIS.flatMap((abi) => [...columns[abi].keys()]))].sort();
}

function namesText(names: readonly string[]): string {
  return `// Generated by tools/generate-syscall-tables.ts from the kernel's headers.

/** Every name, separated by spaces: one string costs nothing until it is split. */
export const SYSCALL_NAMES =
  "${names.join(" ")}";
`;
}

function tableText(columns: Columns, names: readonly string[]): string {
  return `// Generated by tools/generate-syscall-tables.ts from the kernel's headers.
//
// A row is the index of a name in SYSCALL_NAMES (names.ts). An interface's table lists rows in the order
// of their numbers, in segments, so that one walk through it meets all its calls in order.

/** The binary interfaces that a filter can tell apart, each with numbers of its own. */
export const SYSCALL_ABIS = [${SYSCALL_ABIS.map((abi) => `"${abi}"`).join(", ")}] as const;
export type SyscallAbi = (typeof SYSCALL_ABIS)[number];

export interface SyscallTable {
  readonly segments: readonly {
    /** The number of the first row. */
    readonly first: number;
    /** -1 for a number without a call. */
    readonly rows: readonly number[];
  }[];
  /** Further names of numbers in the segments. */
  readonly aliases: readonly { readonly number: number; readonly row: number }[];
}

/** The numbers of x32 are without its bit 30. */
export const SYSCALL_TABLES: Readonly<Record<SyscallAbi, SyscallTable>> = {
${SYSCALL_ABIS.map((abi) => interfaceText(abi, columns[abi], names)).join("\n")}
};
`;
}

/** Numbers this far apart begin a new segment. */
const SEGMENT_GAP = 8;

function interfaceText(abi: SyscallAbi, column: Column, names: readonly string[]): string {
  const segments: { first: number; rows: number[] }[] = [];
  const aliases: string[] = [];
  const calls = [...column].map(([name, number]) => ({ number, row: names.indexOf(name) }));
  calls.sort((left, right) => left.number - right.number || left.row - right.row);
  let next = Number.NEGATIVE_INFINITY;
  for (const { number, row } of calls) {
    if (number === next - 1) {
      aliases.push(`{ number: ${number}, row: ${row} }`);
      continue;
    }
    if (number - next > SEGMENT_GAP) {
      segments.push({ first: number, rows: [] });
      next = number;
    }
    segments.at(-1)?.rows.push(...new Array<number>(number - next).fill(-1), row);
    next = number + 1;
  }
  const text = segments.flatMap(({ first, rows }) => [
    "      {",
    `        first: ${first},`,
    ...rowLines(rows),
    "      },",
  ]);
  return [
    `  ${abi}: {`,
    "    segments: [",
    ...text,
    "    ],",
    `    aliases: [${aliases.join(", ")}],`,
    "  },",
  ].join("\n");
}

/** As biome writes it: on one line where that fits. */
function rowLines(rows: readonly number[]): string[] {
  const line = `        rows: [${rows.join(", ")}],`;
  return line.length <= 100 ? [line] : ["        rows: [", ...wrap(rows.map(String)), "        ],"];
}

/** As biome fills lines with numbers: as many as fit into 100 columns. */
function wrap(values: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "         ";
  for (const value of values) {
    if (line.length + value.length + 2 > 100) {
      lines.push(line);
      line = "         ";
    }
    line += ` ${value},`;
  }
  return [...lines, line];
}

function missingHeaders(): string[] {
  const absent = SYSCALL_ABIS.map((abi) => HEADERS[abi]).filter(
    (source) => !existsSync(`${source.folder}/${source.header}`),
  );
  return [...new Set(absent.map((source) => source.package))];
}

async function main(check: boolean): Promise<void> {
  const missing = missingHeaders();
  if (missing.length > 0 && !check) {
    console.error(`syscall tables: install ${missing.join(", ")} first`);
    process.exitCode = 1;
    return;
  }
  const columns = {} as Record<SyscallAbi, Column>;
  for (const abi of SYSCALL_ABIS) {
    const absent = missing.includes(HEADERS[abi].package);
    columns[abi] = absent ? await committedColumn(abi) : await readColumn(abi);
  }
  if (check && missing.length > 0) {
    console.error(`syscall tables: not compared, for want of ${missing.join(", ")}`);
  }
  const names = allNames(columns);
  await writeOrCompare("names.ts", namesText(names), check);
  await writeOrCompare("table.ts", tableText(columns, names), check);
}

async function writeOrCompare(name: string, wanted: string, check: boolean): Promise<void> {
  const path = new URL(`../${FOLDER}/${name}`, import.meta.url).pathname;
  if (!check) {
    await Bun.write(path, wanted);
  } else if ((await Bun.file(path).text()) !== wanted) {
    console.error(`${FOLDER}/${name} differs from the headers: run the generator`);
    process.exitCode = 1;
  }
}

if (import.meta.main) {
  await main(process.argv.includes("--check"));
}
