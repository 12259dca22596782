import { expect, test } from "bun:test";
import { needsMore } from "../quick-bundle.ts";
import { checkLeftOut } from "./quick-program.ts";

/** Of templates in the sources that are looked at. */
const DOLLAR = "$";

test("what is left out and not named is told, with who asks; so is a name too many", () => {
  const problems = checkLeftOut([
    { asks: "src/cli/main.ts", wanted: "src/cli/command-table.ts" },
    { asks: "src/engine/run.ts", wanted: "src/engine/new.ts" },
  ]);
  expect(problems[0]).toBe(
    "src/engine/run.ts: asks for src/engine/new.ts, which the quick program leaves out",
  );
  expect(problems.join("\n")).toContain("src/cli/oci/ps.ts: tools/tidy/quick-program.ts");
  expect(problems.join("\n")).not.toContain("command-table");
});

test.each([
  ['import { x } from "node:fs";', true],
  ['import { Database } from "bun:sqlite"; new Database("");', true],
  [
    'import type { Database } from "bun:sqlite"; export const x: Database | undefined = undefined;',
    false,
  ],
  ["export const run = () => Bun.spawn([]);", true],
  [`export const text = \`Bun.spawn( fetch( ${DOLLAR}{1}\`;`, false],
  [`export const text = \`${DOLLAR}{Bun.spawn([])}\`;`, true],
  ['export const text = "fetch(";', false],
  ["export const get = () => fetch('x');", true],
  ["export const hash = new Bun.CryptoHasher('sha256');", false],
  ["export const bytes = Buffer.alloc(1);", true],
  ["// Buffer.alloc(1)\nexport const bytes = new Uint8Array(1);", false],
  ["process.on('exit', () => undefined);", true],
  ["export const { env } = process;", false],
])("%s needs more than the engine has: %p", (source, expected) => {
  expect(needsMore(source)).toBe(expected);
});
