// What the commands that inspect things have in common: a JSON array of reports, or a template for each.

import { OcicatError } from "../error/ocicat-error.ts";
import { describeFailure } from "./describe-failure.ts";
import { showText } from "./terminal/printable.ts";
import { Template } from "./terminal/template/template.ts";
import { writeError } from "./write-text.ts";

export const INSPECT_FORMAT_FLAG = {
  format: { kind: "text", aliases: ["f"], value: "FORMAT", help: "json or a Go template" },
} as const;

interface InspectFlags {
  readonly args: readonly string[];
  text(name: "format"): string | undefined;
}

/** Goes on after a failure. Returns the exit code. */
export async function inspectEach(
  flags: InspectFlags,
  command: string,
  find: (word: string) => Promise<unknown>,
  words = flags.args,
): Promise<number> {
  const format = flags.text("format") ?? "json";
  const template = format === "json" || format === "" ? undefined : new Template(format);
  const reports: unknown[] = [];
  let failed = false;
  for (const word of words) {
    try {
      reports.push(await find(word));
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      failed = true;
      writeError(`${command}: ${describeFailure(error)}\n`);
    }
  }
  showText(
    template === undefined
      ? `${JSON.stringify(reports, undefined, 4)}\n`
      : reports.map((report) => `${template.render(report)}\n`).join(""),
  );
  return failed ? 1 : 0;
}
