import { expect, test } from "bun:test";
import { arrangeTestFiles } from "./test-files.ts";

test("tests that make containers come first, those of other lanes not at all", () => {
  const files = arrangeTestFiles([
    "test/vm/boot.test.ts",
    "test/hostile/escape.test.ts",
    "src/plan/mounts.test.ts",
    "test/peers/podman.test.ts",
    "test/e2e/run.test.ts",
    "test/golden/plan.test.ts",
  ]);
  expect(files).toEqual([
    "test/e2e/run.test.ts",
    "test/hostile/escape.test.ts",
    "src/plan/mounts.test.ts",
    "test/golden/plan.test.ts",
  ]);
});
