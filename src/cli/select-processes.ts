// The lines of ps(1) that are about certain processes: `top` and `ocicat-runtime ps`.

import { OcicatError } from "../error/ocicat-error.ts";

/** `options`: of ps; its own default is "-ef". */
export function listProcesses(options: readonly string[], pids: readonly number[]): string {
  return selectLines(runPs(options), pids);
}

function runPs(options: readonly string[]): string {
  const program = Bun.which("ps");
  if (program === null) {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject: "ps",
      reason: "it is not installed",
      hint: "install procps",
    });
  }
  const result = Bun.spawnSync([program, ...(options.length === 0 ? ["-ef"] : options)]);
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
