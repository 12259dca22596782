// system check: whether the store is sound.

import { checkSystem, type Finding } from "../../engine/system/check-system.ts";
import { quote } from "../../error/ocicat-error.ts";
import { defineCommand } from "../command.ts";
import { type FlagsOf, type FlagTable, usageError } from "../flags.ts";
import { writeOutput } from "../write-text.ts";
import { PLACE_FLAGS, placeOptions } from "./place-flags.ts";

const CHECK_FLAGS = {
  repair: { kind: "switch", help: "remove what is damaged or left over, rebuild what can be" },
  quick: { kind: "switch", aliases: ["q"], help: "compare sizes and heads, read no content" },
  format: { kind: "text", value: "FORMAT", help: "text or json" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const check = defineCommand({
  usage: ["[FLAGS]"],
  about: `Reads the whole store and compares every blob and layer with its digest. With --repair no
image loses a part that is sound; one that has lost a part has to be pulled again. Exit code 1 when
something is damaged, and is not repaired; what only takes room is told.`,
  flags: CHECK_FLAGS,
  args: { min: 0, max: 0 },
  examples: ["ocicat system check", "ocicat system check --repair"],
  act: checkCommand,
});

async function checkCommand(flags: FlagsOf<typeof CHECK_FLAGS>): Promise<number> {
  const format = flags.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    throw usageError(`--format ${quote(format)}: it is text or json`);
  }
  const findings: Finding[] = [];
  const isSound = await checkSystem({
    ...placeOptions(flags),
    repair: flags.switch("repair"),
    quick: flags.switch("quick"),
    onFinding(finding) {
      findings.push(finding);
      if (format === "text") {
        writeOutput(lineOf(finding));
      }
    },
  });
  writeOutput(
    format === "json"
      ? `${JSON.stringify({ sound: isSound, findings }, undefined, 2)}\n`
      : summaryOf(findings, isSound),
  );
  return isSound ? 0 : 1;
}

function lineOf({ severity, sentence, isRepaired }: Finding): string {
  return `${isRepaired ? "repaired" : severity}: ${sentence}\n`;
}

function summaryOf(findings: readonly Finding[], isSound: boolean): string {
  if (findings.length === 0) {
    return "The store is sound.\n";
  }
  const left = findings.filter(({ isRepaired }) => !isRepaired).length;
  if (left === 0) {
    return "The store is sound again.\n";
  }
  const hint = "`ocicat system check --repair` mends what can be mended";
  return isSound
    ? `The store works; ${hint}.\n`
    : `The store is damaged; ${hint}, and lost images have to be pulled again.\n`;
}
