// ocicat doctor: whether containers can run here, and what to do where they cannot.

import { type Check, type CheckStatus, examineHost } from "../engine/system/doctor.ts";
import { quote } from "../error/ocicat-error.ts";
import { defineCommand } from "./command.ts";
import { type FlagsOf, type FlagTable, usageError } from "./flags.ts";
import { PLACE_FLAGS, placeOptions } from "./system/place-flags.ts";
import { writeOutput } from "./write-text.ts";

const DOCTOR_FLAGS = {
  format: { kind: "text", value: "FORMAT", help: "text or json" },
  ...PLACE_FLAGS,
} as const satisfies FlagTable;

export const doctor = defineCommand({
  usage: ["[--format text|json]"],
  about: `Looks at everything that has to be right for containers to run, mostly by trying
it, and says what to do about what is not. Runs as root and as an ordinary user,
and tells what holds for whoever runs it. Exit code 1 when containers cannot run.`,
  flags: DOCTOR_FLAGS,
  args: { min: 0, max: 0 },
  examples: ["ocicat doctor", "ocicat doctor --format json"],
  act: showHealth,
});

async function showHealth(flags: FlagsOf<typeof DOCTOR_FLAGS>): Promise<number> {
  const format = flags.text("format") ?? "text";
  if (format !== "text" && format !== "json") {
    throw usageError(`--format ${quote(format)}: it is text or json`);
  }
  const checks = await examineHost(placeOptions(flags));
  const problems = countOf(checks, "problem");
  writeOutput(
    format === "json"
      ? `${JSON.stringify({ status: problems === 0 ? "ok" : "problem", checks }, undefined, 2)}\n`
      : formatChecks(checks),
  );
  return problems === 0 ? 0 : 1;
}

function countOf(checks: readonly Check[], status: CheckStatus): number {
  return checks.filter((check) => check.status === status).length;
}

const STATUS_WIDTH = 9;

function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  const indent = " ".repeat(STATUS_WIDTH + width);
  const lines = checks.flatMap(({ name, status, found, fix }) => [
    `${status.padEnd(STATUS_WIDTH)}${name.padEnd(width)}${found.replaceAll("\n", `\n${indent}`)}`,
    ...(fix === undefined ? [] : [`${indent}fix: ${fix.replaceAll("\n", `\n${indent}`)}`]),
  ]);
  return `${lines.join("\n")}\n\n${summary(checks)}\n`;
}

function summary(checks: readonly Check[]): string {
  const problems = countOf(checks, "problem");
  const notes = countOf(checks, "note");
  const noted = notes === 0 ? "" : `, with ${counted(notes, "note")}`;
  return problems === 0
    ? `Containers run${noted}.`
    : `Containers do not run: ${counted(problems, "problem")}${noted}.`;
}

function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
