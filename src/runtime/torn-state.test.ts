import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateDirectory } from "./state-directory.ts";

const root = mkdtempSync(join(tmpdir(), "ocicat-state-"));
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ["nothing", ""],
  ["zeros", "\0\0\0\0"],
])(
  "a state of which a power cut left %s, where the folder is not in memory, is none",
  (name, content) => {
    using directory = StateDirectory.create(root, name);
    writeFileSync(join(directory.path, "state.json"), content);
    expect(directory.readStateIfExists()).toBeUndefined();
    directory.remove();
    expect(existsSync(directory.path)).toBe(false);
  },
);
