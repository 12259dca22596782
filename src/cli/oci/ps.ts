// `ps`: the processes of a container: the lines of ps(1) that are about them, or their pids as JSON.

import { OcicatError } from "../../error/ocicat-error.ts";
import { processesOf } from "../../runtime/ps.ts";
import { writeOutput } from "../write-text.ts";
import { defineCommand } from "./command.ts";
import { FORMAT_FLAG, parseFormat } from "./format-flag.ts";

export const ps = defineCommand({
  name: "ps",
  usage: "ID [OPTIONS OF ps(1)]",
  flags: { format: FORMAT_FLAG },
  args: { min: 1 },
  placement: "first",
  act({ stateRoot }, flags) {
    const format = parseFormat(flags.text("format"));
    const [id = "", ...options] = flags.args;
    const pids = processesOf({ stateRoot, id });
    // go-runc reads "null" where there are none.
    const json = pids.length === 0 ? "null" : JSON.stringify(pids);
    writeOutput(format === "json" ? `${json}\n` : selectLines(runPs(options), pids));
    return 0;
  },
});

function runPs(options: readonly string[]): string {
  const result = Bun.spawnSync(["ps", ...(options.length === 0 ? ["-ef"] : options)]);
  if (result.exitCode !== 0) {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject: "ps",
      reason: result.stderr.toString().trim() || `exit status ${result.exitCode}`,
    });
  }
  return result.stdout.toString();
}

/** The header, and the lines whose column PID is one of `pids`. */
export function selectLines(text: string, pids: readonly number[]): string {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const column = header.trim().split(/\s+/).indexOf("PID");
  if (column < 0) {
    throw new OcicatError("invalid-argument", {
      operation: "read",
      subject: "the output of ps",
      reason: "couldn't find PID field in ps output",
    });
  }
  const wanted = new Set(pids.map(String));
  const ours = lines.filter((line) => wanted.has(line.trim().split(/\s+/)[column] ?? ""));
  return [header, ...ours].map((line) => `${line}\n`).join("");
}
