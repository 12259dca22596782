// Runs a command once and takes what it cost: wall time, CPU time and memory, of the command with what it
// waited for, and of the daemons that work for it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../../peers/command.ts";
import { goOnUnlessInterrupted } from "../interruption.ts";

export interface Contestant {
  readonly name: string;
  /** Makes everything as it has to be before the command; not measured. */
  readonly prepare: () => Promise<void>;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Process ids. */
  readonly daemons?: readonly number[];
}

export interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** The largest process of the command's, and all of the daemons'. */
  readonly peakBytes: number;
}

const TICK_MS = 10;
/** Of /proc/PID/stat, behind the name: user, system, and both of the children that were waited for. */
const TIME_FIELDS = [11, 12, 13, 14];
/** Of /proc/PID/clear_refs: the peak begins anew. */
const RESET_PEAK = "5";

export async function runOnce(contestant: Contestant): Promise<Sample> {
  goOnUnlessInterrupted();
  await contestant.prepare();
  // What was written before is not for this command to wait for.
  await must(["sync"], { seconds: 600 });
  const folder = mkdtempSync(join(tmpdir(), "ocicat-peak-"));
  try {
    return await measure(contestant, join(folder, "kilobytes"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** `note`: a file for the peak. */
async function measure(contestant: Contestant, note: string): Promise<Sample> {
  const { command, environment, daemons = [] } = contestant;
  for (const pid of daemons) {
    writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
  }
  const daemonsBefore = totalOf(daemons, cpuOf);
  const begin = performance.now();
  // A process has at least the peak of the one that it was forked from: of this one, unless a small one
  // stands between.
  const timed = ["/usr/bin/time", "--quiet", "--format=%M", `--output=${note}`, ...command];
  const child = Bun.spawn(timed, {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    env: { ...process.env, ...environment },
  });
  const errors = await child.stderr.text();
  const code = await child.exited;
  const wallMs = performance.now() - begin;
  if (code !== 0) {
    throw new Error(`run "${command.join(" ")}": exit status ${code}\n${errors}`);
  }
  const ownCpuMs = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1000;
  const peakBytes = Number(readFileSync(note, "utf8")) * 1024;
  return {
    wallMs,
    cpuMs: ownCpuMs + totalOf(daemons, cpuOf) - daemonsBefore,
    peakBytes: peakBytes + totalOf(daemons, peakOf),
  };
}

export function totalOf(pids: readonly number[], figure: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + figure(pid), 0);
}

/** Milliseconds of a process since its start, and of the children that it has waited for. */
export function cpuOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return TIME_FIELDS.reduce((sum, index) => sum + Number(fields[index]), 0) * TICK_MS;
}

function peakOf(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? 0) * 1024;
}
