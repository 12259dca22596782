// Five hundred malformed configurations through the real create: each is refused by a typed error, or
// makes a container that can be deleted, and nothing is left of any. OCICAT_FUZZ_SEED sets another seed.

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Outcome } from "./malformed-create.ts";
import { NEEDS_ROOT } from "./scratch.ts";

const SEED = process.env["OCICAT_FUZZ_SEED"] ?? "1";
const COUNT = 500;

test.skipIf(NEEDS_ROOT)(
  "as root: malformed configurations leave nothing behind",
  () => {
    const program = join(import.meta.dir, "malformed-create.ts");
    const result = Bun.spawnSync(
      ["unshare", "--mount", process.execPath, program, SEED, String(COUNT)],
      { stdin: "ignore", stderr: "inherit" },
    );
    const { counts, problems }: Outcome = JSON.parse(result.stdout.toString());
    expect(problems).toEqual([]);
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(COUNT + 1);
    // All kinds of ends are there: the unchanged one is created, many are refused, some fail on the way.
    expect(counts["created"]).toBeGreaterThan(10);
    expect(counts["invalid-config"]).toBeGreaterThan(100);
    expect(Object.keys(counts).length).toBeGreaterThan(3);
  },
  120_000,
);
