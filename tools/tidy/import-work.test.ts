import { expect, test } from "bun:test";
import { checkImportWork } from "./import-work.ts";

function problems(text: string, path = "src/host/example.ts"): string[] {
  return checkImportWork({ path, text });
}

test.each([
  ["openLog();", "does something"],
  ["for (const name of NAMES) {", "does something"],
  ['if (process.env["X"] === "1") {', "does something"],
  ["await prepare();", "awaits"],
  ["const socket = await connect();", "awaits"],
  ["const library = dlopen(PATH, SYMBOLS);", "calls dlopen"],
  ["export const start: number = performance.now();", "calls performance.now"],
  ["const log = new LogFile(PATH);", "calls LogFile"],
  ["let opened = false;", "keeps state"],
  ["export let current: string | undefined;", "keeps state"],
])("%p is work done on import", (line, problem) => {
  expect(problems(`import { a } from "./a.ts";\n\n${line}\n`)[0]).toContain(problem);
  expect(problems(line)[0]).toStartWith("src/host/example.ts:1: ");
});

test("declarations are not", () => {
  const text = `// A head comment.
import { parse } from "../oci/spec.ts";
import {
  type Architecture,
  architectureNamed,
} from "../abi/architecture.ts";

/** Doc. */
export const LIMIT = 3;
const NAMES = new Set(["a"]);
const TABLE: ReadonlyMap<string, number> = new Map([
  ["a", 1],
]);
const LOCAL = architectureNamed("x");
const handler = (a: number) => open(a);
const text = \`
first line of text
run(\${LIMIT});
\`;
type A = { a: 1 };
declare const b: number;

export async function* listen(): AsyncGenerator<string> {
  let count = 0;
  await parse(count);
}

export class Thing {
  readonly a = open();
}
`;
  expect(problems(text)).toEqual([]);
});

test("a layer without I/O may compute its constants", () => {
  expect(problems("const MASKS = computeMasks(3);", "src/plan/masks.ts")).toEqual([]);
  expect(problems("computeMasks(3);", "src/plan/masks.ts")).toHaveLength(1);
});

test("the layer of system calls may keep what it has bound", () => {
  expect(problems("let bound: Entry | undefined;", "src/sys/call.ts")).toEqual([]);
});

test("a constant may be computed at its first use", () => {
  const head = "let rows: Map<string, number> | undefined;\n";
  expect(problems(`${head}function look() {\n  rows ??= hash();\n}\n`)).toEqual([]);
  expect(problems(`${head}function look() {\n  rows = hash();\n}\n`)).toHaveLength(1);
  const both = `${head}function look() {\n  rows ??= hash();\n  rows = undefined;\n}\n`;
  expect(problems(both)).toHaveLength(1);
});
