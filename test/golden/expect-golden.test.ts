import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectGolden } from "./expect-golden.ts";

const folder = mkdtempSync(join(tmpdir(), "ocicat-golden-"));
const path = join(folder, "example.txt");
const renewing = process.env["OCICAT_RENEW_GOLDENS"];

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  process.env["OCICAT_RENEW_GOLDENS"] = renewing ?? "0";
});

test("a text that equals its golden passes, any other fails", async () => {
  process.env["OCICAT_RENEW_GOLDENS"] = "0";
  await Bun.write(path, "mount\n");
  await expectGolden(path, "mount\n");
  await expect(expectGolden(path, "umount\n")).rejects.toThrow("toBe");
  expect(await Bun.file(path).text()).toBe("mount\n");
});

test("a golden that is missing fails", async () => {
  process.env["OCICAT_RENEW_GOLDENS"] = "0";
  await expect(expectGolden(path, "mount\n")).rejects.toThrow("toBe");
});

test("renewing writes it", async () => {
  process.env["OCICAT_RENEW_GOLDENS"] = "1";
  await expectGolden(path, "umount\n");
  expect(await Bun.file(path).text()).toBe("umount\n");
});
