import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAccounts } from "./accounts.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-accounts-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function layer(name: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, "etc"), { recursive: true });
  return path;
}

test("the topmost layer that has the file counts, for each file", () => {
  const [top, middle, bottom] = [layer("top"), layer("middle"), layer("bottom")];
  writeFileSync(join(bottom, "etc", "passwd"), "bottom");
  writeFileSync(join(bottom, "etc", "group"), "bottom");
  writeFileSync(join(middle, "etc", "passwd"), "middle");
  expect(readAccounts([top, middle, bottom])).toEqual({ passwd: "middle", group: "bottom" });
  expect(readAccounts([bottom])).toEqual({ passwd: "bottom", group: "bottom" });
  expect(readAccounts([])).toEqual({ passwd: "", group: "" });
});

test("links resolve inside the image, across layers, never on the host", () => {
  const [top, bottom] = [layer("top"), layer("bottom")];
  symlinkSync("/usr/share/passwd", join(top, "etc", "passwd"));
  symlinkSync("../../../../../../etc/real-group", join(top, "etc", "group"));
  mkdirSync(join(bottom, "usr", "share"), { recursive: true });
  writeFileSync(join(bottom, "usr", "share", "passwd"), "found");
  writeFileSync(join(bottom, "etc", "real-group"), "found too");
  expect(readAccounts([top, bottom])).toEqual({ passwd: "found", group: "found too" });
  // The host has /etc/passwd; these images have none.
  const hostile = join(folder, "hostile");
  mkdirSync(hostile);
  symlinkSync("/etc", join(hostile, "etc"));
  expect(() => readAccounts([hostile])).toThrow("too many levels of symbolic links");
  const dangling = layer("dangling");
  symlinkSync("/etc/hostname", join(dangling, "etc", "passwd"));
  expect(readAccounts([dangling]).passwd).toBe("");
});

test("what is no regular file is none; what is too large is refused", () => {
  const odd = layer("odd");
  mkdirSync(join(odd, "etc", "passwd"));
  expect(Bun.spawnSync(["mkfifo", join(odd, "etc", "group")]).exitCode).toBe(0);
  expect(readAccounts([odd])).toEqual({ passwd: "", group: "" });
  const large = layer("large");
  writeFileSync(join(large, "etc", "passwd"), "");
  truncateSync(join(large, "etc", "passwd"), 3 * 1024 * 1024);
  expect(() => readAccounts([large])).toThrow(
    "read the image's /etc/passwd: it is larger than 2097152 bytes",
  );
});
