import { expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultSpec } from "./default-spec.ts";
import { encodeDocument } from "./encode.ts";
import { decodeRuntimeConfig } from "./parse/config.ts";

const RUNC = Bun.which("runc", { PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` });
const OWNER = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
const HAS_V2_ALONE = existsSync("/sys/fs/cgroup/cgroup.controllers");

/** What `runc spec` writes, with what the versions of runc say differently made equal. */
function runcSpec(...flags: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "runc-spec-"));
  try {
    const { exitCode } = Bun.spawnSync([RUNC ?? "runc", "spec", ...flags], { cwd: folder });
    expect(exitCode).toBe(0);
    const text = readFileSync(join(folder, "config.json"), "utf8");
    return text
      .replace(/"ociVersion": "[^"]*"/, `"ociVersion": "${defaultSpec().ociVersion}"`)
      .replace('"hostname": "runc"', '"hostname": "ocicat"')
      .replace(/,\s*"ambient": \[[^\]]*\]/, "");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.skipIf(RUNC === null)("is what `runc spec` writes, to the letter (needs runc)", () => {
  const spec = defaultSpec({ cgroupNamespace: HAS_V2_ALONE });
  expect(encodeDocument(spec)).toBe(runcSpec());
});

test.skipIf(RUNC === null)("is what `runc spec --rootless` writes (needs runc)", () => {
  const spec = defaultSpec({ cgroupNamespace: HAS_V2_ALONE, rootless: OWNER });
  expect(encodeDocument(spec)).toBe(runcSpec("--rootless"));
});

test.each([
  [{}],
  [{ cgroupNamespace: true }],
  [{ rootless: { uid: 1000, gid: 100 }, cgroupNamespace: true }],
])("is valid with %j", (options) => {
  const spec = defaultSpec(options);
  expect(decodeRuntimeConfig(encodeDocument(spec))).toEqual(spec);
});
