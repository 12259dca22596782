import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeText } from "../../sys/memory.ts";
import { findSecret, listSecretNames, writeSecret } from "./secret-store.ts";

const store = mkdtempSync(join(tmpdir(), "oct-secrets-"));
afterAll(() => rmSync(store, { recursive: true }));

function write(name: string, id: string): void {
  writeSecret(store, { name, value: encodeText("value"), labels: {}, replaces: false });
  const path = join(store, "secrets", name);
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), id }));
}

test("a secret is found by its name, and by what only its id begins with", () => {
  expect(listSecretNames(store)).toEqual([]);
  write("two", "ab1".padEnd(25, "0"));
  write("one", "ab2".padEnd(25, "0"));
  write("ab", "cd3".padEnd(25, "0"));
  expect(listSecretNames(store)).toEqual(["ab", "one", "two"]);
  expect(findSecret(store, "ab").name).toBe("ab");
  expect(findSecret(store, "ab2").name).toBe("one");
  expect(() => findSecret(store, "a")).toThrow("2 ids begin so");
  expect(() => findSecret(store, "ab3")).toThrow("there is none of this name");
  expect(() => findSecret(store, "")).toThrow("there is none of this name");
});
