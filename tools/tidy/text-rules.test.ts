// The rules that look at single lines and files: comments, C sources, test files, documents.

import { describe, expect, test } from "bun:test";
import { checkCFiles, checkCSource } from "./c-sources.ts";
import { checkComments } from "./comments.ts";
import { checkDocument, checkLockfile, checkNamedFiles, checkScripts } from "./documents.ts";
import { readSources } from "./source-file.ts";
import { checkTestFile } from "./test-files.ts";

const mark = "TO" + "DO";

describe("comments", () => {
  const check = (text: string) => checkComments({ path: "src/a.ts", text });

  test.each([`// ${mark}: later`, `/* ${mark} */`, ` * FIX${"ME"} this`, `# XX${"X"} shell`])(
    "%p announces work",
    (line) => {
      expect(check(`const a = 1;\n${line}\n`)[0]).toStartWith("src/a.ts:2: ");
    },
  );

  test("names in code do not", () => {
    expect(check(`const ${mark} = 1; // the constant\ntest.todo("x");\n`)).toEqual([]);
  });
});

describe("C sources", () => {
  const lines = (count: number) => "int a;\n".repeat(count);
  const check = (path: string, text: string) => checkCSource({ path, text });

  test.each([
    ["native/stage.c", 500],
    ["native/holder.c", 700],
    ["native/launch.c", 100],
    ["native/kernel.h", 300],
  ])("%s has a limit of %d lines", (path, limit) => {
    expect(check(path, lines(limit))).toEqual([]);
    expect(check(path, lines(limit + 1))).toEqual([
      `${path}: ${limit + 1} lines, at most ${limit}`,
    ]);
  });

  test("a line has at most 100 columns", () => {
    expect(check("native/stage.c", "x".repeat(100))).toEqual([]);
    expect(check("native/stage.c", "x".repeat(101))[0]).toContain("101 columns");
  });

  test("generated headers have no limits", () => {
    expect(check("native/gen/opcodes.h", lines(2000) + "x".repeat(200))).toEqual([]);
  });

  test("there are three programs", () => {
    expect(checkCFiles(["native/stage.c", "native/holder.c", "native/kernel.h"])).toEqual([]);
    expect(checkCFiles(["src/sys/extra.c"])).toHaveLength(1);
  });
});

describe("test files", () => {
  const check = (text: string) => checkTestFile({ path: "src/a.test.ts", text });

  test("one that expects nothing proves nothing", () => {
    expect(check(`test("a", () => { run(); });`)).toEqual(["src/a.test.ts: expects nothing"]);
  });

  test("one without a test is none", () => {
    expect(check("expect(1).toBe(1);")).toEqual(["src/a.test.ts: defines no test"]);
  });

  test.each([
    `test("a", () => { expect(1).toBe(1); });`,
    `test.each([1])("a", (n) => { expect(n).toBe(1); });`,
    `test.each<[number, string]>([[1, "x"]])("a", (n) => { expect(n).toBe(1); });`,
    `test.skipIf(!isRoot)("a", () => { expect(1).toBe(1); });`,
    `it("a", () => checkRoundTrip(1));`,
  ])("%p is a test", (text) => {
    expect(check(text)).toEqual([]);
  });
});

describe("documents and scripts", () => {
  test("a document names scripts that exist", () => {
    const document = {
      path: "README.md",
      text: "Run `npm run build`,\nthen `npm run fly:away`.\n",
    };
    expect(checkDocument(document, ["build"])).toEqual([
      'README.md:2: package.json has no script "fly:away"',
    ]);
    expect(checkDocument(document, ["build", "fly:away"])).toEqual([]);
  });

  test("a document names files that exist", () => {
    const document = {
      path: "ARCHITECTURE.md",
      text: "As src/a/b.ts (src/gone.ts) says,\nand `src/cli/NAME.ts`, https://x.example/src/c.ts.\n",
    };
    const isThere = (path: string): boolean => path === "src/a/b.ts";
    expect(checkNamedFiles(document, isThere)).toEqual([
      'ARCHITECTURE.md:1: there is no "src/gone.ts"',
    ]);
  });

  test("npm runs none of the scripts by itself", () => {
    expect(checkScripts(["build", "install:to"])).toEqual([]);
    expect(checkScripts(["install", "postinstall", "prepare"])).toHaveLength(3);
  });

  test("the lockfile names the public registry or none", () => {
    expect(checkLockfile(`"resolved": "https://registry.npmjs.org/bun/-/bun-1.tgz"`)).toEqual([]);
    expect(checkLockfile(`"resolved": "http://127.0.0.1:4873/bun.tgz"`)).toHaveLength(1);
  });
});

test("a glob that matches nothing is no rule that holds", async () => {
  expect((await readSources("*.md", "docs/**/*.md")).map(({ path }) => path)).toContain(
    "README.md",
  );
  await expect(readSources("README.md", "docs/*.gone")).rejects.toThrow("docs/*.gone");
});
