// `explain`: the system calls that would make a container, before it exists.

import { comparableKey, explainBundle } from "../engine/explain.ts";
import { absolutePath } from "./absolute-path.ts";
import { defineCommand } from "./command.ts";
import { diffTexts } from "./diff-texts.ts";
import { type FlagsOf, type FlagTable, usageError } from "./flags.ts";
import { writeOutput } from "./write-text.ts";

const EXPLAIN_FLAGS = {
  json: { kind: "switch", help: "as JSON" },
  diff: { kind: "switch", help: "compare two bundles" },
} as const satisfies FlagTable;

export const explain = defineCommand({
  usage: ["[--json] BUNDLE", "--diff BUNDLE BUNDLE"],
  about: `Shows the program that create would execute: a line for each system call, with
the place in the configuration that asks for it. Nothing is made.`,
  flags: EXPLAIN_FLAGS,
  args: { min: 0 },
  completes: "folder",
  examples: ["ocicat explain /srv/web", "ocicat explain --diff /srv/web /srv/other"],
  act: explainBundles,
});

async function explainBundles(flags: FlagsOf<typeof EXPLAIN_FLAGS>): Promise<number> {
  const bundles = flags.args.map(absolutePath);
  const wanted = flags.switch("diff") ? 2 : 1;
  if (bundles.length !== wanted) {
    throw usageError(`it takes ${wanted === 1 ? "one bundle" : "two bundles"}; see --help`);
  }
  const [first = "", second = ""] = bundles;
  if (flags.switch("diff")) {
    return explainDifference(first, second);
  }
  const explanation = await explainBundle(first);
  writeOutput(
    flags.switch("json")
      ? `${JSON.stringify(explanation.document, undefined, 2)}\n`
      : explanation.text,
  );
  return 0;
}

/** 1 where they differ, as diff(1). */
async function explainDifference(one: string, other: string): Promise<number> {
  const before = await explainBundle(one);
  const after = await explainBundle(other);
  const difference = diffTexts(before.comparable, after.comparable, comparableKey);
  if (difference === "") {
    return 0;
  }
  writeOutput(`--- ${one}\n+++ ${other}\n${difference}`);
  return 1;
}
