// What `npm run install:to` leaves below its prefix.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installTo } from "../../tools/install-to.ts";
import { hasQuickProgram } from "../../tools/repository.ts";

let prefix = "";
let installed: string[] = [];

beforeAll(async () => {
  prefix = join(mkdtempSync(join(tmpdir(), "ocicat-install-")), "a prefix");
  installed = await installTo(prefix);
});

afterAll(() => rmSync(join(prefix, ".."), { recursive: true }));

function listFiles(): string[] {
  const entries = readdirSync(prefix, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

test("every file is named, and there is no other", () => {
  expect(listFiles().sort()).toEqual([...installed].sort());
});

test("programs are executable, completions are not", () => {
  const modes = Object.fromEntries(
    installed.map((path) => [path.slice(prefix.length + 1), statSync(path).mode & 0o777]),
  );
  const pages = Object.keys(modes).filter((path) => path.startsWith("share/man/"));
  expect(pages).toContain("share/man/man1/ocicat.1");
  expect(pages).toContain("share/man/man1/ocicat-image-ls.1");
  expect(pages).toContain("share/man/man5/ocicat-config.toml.5");
  expect(modes).toEqual({
    ...Object.fromEntries(pages.map((path) => [path, 0o644])),
    "bin/ocicat": 0o755,
    "bin/ocicat-runtime": 0o755,
    "lib/ocicat/entry.node": 0o755,
    "lib/ocicat/ocicat.bin": 0o755,
    ...(hasQuickProgram()
      ? { "lib/ocicat/ocicat.quick": 0o755, "share/doc/ocicat/LICENSE.QuickJS-ng": 0o644 }
      : {}),
    "lib/ocicat/stage": 0o755,
    "lib/systemd/system/ocicat-boot.service": 0o644,
    "lib/systemd/user/ocicat-boot.service": 0o644,
    "share/bash-completion/completions/ocicat": 0o644,
    "share/bash-completion/completions/ocicat-runtime": 0o644,
    "share/fish/vendor_completions.d/ocicat.fish": 0o644,
    "share/fish/vendor_completions.d/ocicat-runtime.fish": 0o644,
    "share/zsh/site-functions/_ocicat": 0o644,
  });
});

test.each(["ocicat", "ocicat-runtime"])("%s runs from there", (name) => {
  const result = Bun.spawnSync([join(prefix, "bin", name), "--version"], { cwd: "/" });
  expect(result.stderr.toString()).toBe("");
  expect(result.exitCode).toBe(0);
  expect(result.stdout.toString()).toContain(name);
});

test("a program without its system calls says what is missing", () => {
  const entry = join(prefix, "lib/ocicat/entry.node");
  renameSync(entry, `${entry}.away`);
  const { exitCode, stderr } = Bun.spawnSync([join(prefix, "bin/ocicat"), "ps"]);
  renameSync(`${entry}.away`, entry);
  expect(exitCode).not.toBe(0);
  expect(stderr.toString()).toContain(`load "${entry}": without it`);
});

test("installing again replaces what is there", async () => {
  const before = statSync(join(prefix, "bin/ocicat")).ino;
  expect(await installTo(prefix)).toEqual(installed);
  expect(statSync(join(prefix, "bin/ocicat")).ino).not.toBe(before);
  expect(listFiles()).toHaveLength(installed.length);
});
