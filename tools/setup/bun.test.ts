import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { installBun, isBun } from "./bun.mjs";

let repository = "";

beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), "ocicat-setup-"));
  const lock = { packages: { "node_modules/bun": { version: Bun.version } } };
  writeFileSync(join(repository, "package-lock.json"), JSON.stringify(lock));
});

afterEach(() => rmSync(repository, { recursive: true }));

function place(path: string): string {
  const place = join(repository, "node_modules", path);
  mkdirSync(dirname(place), { recursive: true });
  return place;
}

/** What npm leaves where install scripts do not run: executable, and no Bun. */
function placeStub(): string {
  const stub = place("bun/bin/bun.exe");
  writeFileSync(stub, "#!/bin/sh\necho 'Bun was not installed' >&2\nexit 1\n", { mode: 0o755 });
  return stub;
}

test("a stub is no Bun, nor is another version, nor nothing", () => {
  expect(isBun(process.execPath, Bun.version)).toBe(true);
  expect(isBun(process.execPath, "0.0.1")).toBe(false);
  expect(isBun(placeStub(), Bun.version)).toBe(false);
  expect(isBun("/nowhere/bun", Bun.version)).toBe(false);
});

test("Bun is found where no install script has moved it", () => {
  placeStub();
  symlinkSync(process.execPath, place("@oven/bun-linux-x64/bin/bun"));
  const link = installBun(repository);
  expect(link).toBe(join(repository, "node_modules/.ocicat/bun"));
  expect(readlinkSync(link)).toBe("../@oven/bun-linux-x64/bin/bun");
});

test("Bun is found where the install script has moved it, and a broken link is replaced", () => {
  symlinkSync("../nowhere", place(".ocicat/bun"));
  symlinkSync(process.execPath, place("bun/bin/bun.exe"));
  expect(readlinkSync(installBun(repository))).toBe("../bun/bin/bun.exe");
});
