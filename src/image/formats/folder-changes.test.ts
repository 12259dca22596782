// Needs root: whiteouts are device nodes, and "trusted" attributes are root's.

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AT_FDCWD, S_IFCHR } from "../../abi/file.ts";
import { bytePath } from "../../sys/byte-path.ts";
import { call } from "../../sys/call.ts";
import { trySetXattrOfLink } from "../../sys/xattr.ts";
import { MergedView } from "../merged-view.ts";
import { folderChanges } from "./folder-changes.ts";

const folder = mkdtempSync(join(tmpdir(), "folder-changes-"));
const NEEDS_ROOT = process.getuid?.() !== 0;

afterAll(() => rmSync(folder, { recursive: true }));

function make(layer: string, ...paths: readonly string[]): string {
  const root = join(folder, layer);
  mkdirSync(root, { recursive: true });
  for (const path of paths) {
    const full = join(root, path);
    mkdirSync(path.endsWith("/") ? full : dirname(full), { recursive: true });
    if (!path.endsWith("/")) {
      writeFileSync(full, path);
    }
  }
  return root;
}

test.skipIf(NEEDS_ROOT)(
  "added, changed and deleted; an opaque directory; links are not followed",
  () => {
    const lower = make(
      "lower",
      "etc/passwd",
      "etc/group",
      "usr/bin/tool",
      "old/a",
      "old/sub/b",
      "x",
    );
    const upper = make("upper", "etc/passwd", "new/file", "old/sub/c", "x");
    call("mknodat", AT_FDCWD, bytePath(join(upper, "etc/group")), S_IFCHR, 0);
    call("mknodat", AT_FDCWD, bytePath(join(upper, "nothing-below")), S_IFCHR, 0);
    const opaque = bytePath(join(upper, "old"));
    expect(trySetXattrOfLink(opaque, "trusted.overlay.opaque", new Uint8Array([0x79]))).toBe(0);
    symlinkSync("/etc", join(upper, "link"));
    using view = new MergedView([lower]);
    const lines = [...folderChanges(upper, view)].map(({ kind, path }) => `${kind} ${path}`);
    expect(lines).toEqual([
      "changed etc",
      "deleted etc/group",
      "changed etc/passwd",
      "added link",
      "added new",
      "added new/file",
      "changed old",
      "deleted old/a",
      "changed old/sub",
      "deleted old/sub/b",
      "added old/sub/c",
      "changed x",
    ]);
  },
);
