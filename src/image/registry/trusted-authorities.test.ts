import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemAuthorities } from "./trusted-authorities.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oct-trust-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("SSL_CERT_FILE replaces the system's authorities", () => {
  const own = join(folder, "own.pem");
  writeFileSync(own, "-----BEGIN CERTIFICATE-----\n");
  expect(systemAuthorities({ SSL_CERT_FILE: own })).toBe("-----BEGIN CERTIFICATE-----\n");
});

test("a file without a certificate, or none, leaves Bun's own list", () => {
  const empty = join(folder, "empty.pem");
  writeFileSync(empty, "");
  expect(systemAuthorities({ SSL_CERT_FILE: empty })).toBeUndefined();
  expect(systemAuthorities({ SSL_CERT_FILE: join(folder, "none.pem") })).toBeUndefined();
});
