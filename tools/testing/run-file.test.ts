// Runs real test files that go wrong in every way that Bun's own counts would let through.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runFile } from "./run-file.ts";

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ocicat-run-file-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const HEAD = `import { afterAll, describe, expect, test } from "bun:test";\n`;
let written = 0;

async function verdictOf(body: string, timeoutMs?: number) {
  written += 1;
  const name = `case-${written}.test.ts`;
  await Bun.write(join(folder, name), HEAD + body);
  const result = await runFile(name, folder, timeoutMs);
  return result.verdict;
}

test("counts what passes, fails and is skipped, and names the skipped", async () => {
  const verdict = await verdictOf(`
    describe("a > b", () => {
      test("passes", () => expect(1).toBe(1));
      test("fails", () => expect(1).toBe(2));
      test.skipIf(true)('needs "root" & more', () => expect(1).toBe(1));
      test.todo("later");
    });
  `);
  expect(verdict.tally).toEqual({ passed: 1, failed: 1, skipped: 2 });
  expect(verdict.skippedNames).toEqual(['a > b > needs "root" & more', "a > b > later"]);
});

test("counts a test that asserts nothing as failed", async () => {
  const verdict = await verdictOf(`
    test("looks", () => expect(1).toBe(1));
    test("asserts nothing here", () => {});
  `);
  expect(verdict.tally).toEqual({ passed: 1, failed: 1, skipped: 0 });
  expect(verdict.complaints).toEqual(["asserts nothing: asserts nothing here"]);
});

test.each([
  ["a file that cannot be loaded", `throw new Error("load");`, "outside of the tests"],
  ["a file with a syntax error", "test(", "outside of the tests"],
  ["a file without a test", "expect(1).toBe(1);", "defines no test"],
  ["an exit in a test", `test("x", () => process.exit(0));`, "ended before its summary"],
  ["a crash", `test("x", () => process.kill(process.pid, "SIGSEGV"));`, "crashed with SIGSEGV"],
  [
    "an error after the last test",
    `test("x", () => expect(1).toBe(1)); setTimeout(() => { throw new Error("late"); }, 0);
     afterAll(() => Bun.sleep(20));`,
    "",
  ],
  [
    "a failing hook",
    `test("x", () => expect(1).toBe(1)); afterAll(() => { throw new Error("h"); });`,
    "",
  ],
  [
    "a test.only that hides others",
    `test.only("x", () => expect(1).toBe(1)); test("y", () => expect(1).toBe(1));`,
    "",
  ],
  ["a new snapshot", `test("x", () => expect({ a: 1 }).toMatchSnapshot());`, ""],
])("counts %s as failed", async (_what, body, complaint) => {
  const verdict = await verdictOf(body);
  expect(verdict.tally.failed).toBeGreaterThan(0);
  expect(verdict.complaints.join("\n")).toContain(complaint);
});

test("counts a file that never ends as failed", async () => {
  const verdict = await verdictOf(
    `test("x", async () => { expect(1).toBe(1); await Bun.sleep(60_000); }, 60_000);`,
    500,
  );
  expect(verdict.tally).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(verdict.complaints[0]).toContain("time limit");
});

test("does not wait for a process that a test leaves behind", async () => {
  const verdict = await verdictOf(`
    test("leaves one", () => {
      Bun.spawn(["sleep", "1"], { stdout: "inherit", stderr: "inherit" }).unref();
      expect(1).toBe(1);
    });
  `);
  expect(verdict.tally).toEqual({ passed: 1, failed: 0, skipped: 0 });
});

test("counts what a file leaves in its temporary folder as a failure", async () => {
  const verdict = await verdictOf(`
    import { mkdirSync } from "node:fs";
    import { tmpdir } from "node:os";
    test("leaves a folder", () => {
      mkdirSync(tmpdir() + "/forgotten");
      expect(1).toBe(1);
    });
  `);
  expect(verdict.tally).toEqual({ passed: 1, failed: 1, skipped: 0 });
  expect(verdict.complaints).toEqual(["left behind in the temporary folder: forgotten"]);
});
