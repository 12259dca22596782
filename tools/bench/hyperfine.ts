// Runs commands side by side with hyperfine. The commands take turns in several rounds, so that a
// machine which slows down for a minute slows down all of them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { must } from "../peers/command.ts";
import { median, quantile } from "./statistics.ts";

export interface Measurement {
  /** Milliseconds from start to end, over all rounds. */
  readonly wallMedian: number;
  readonly wallMinimum: number;
  readonly wallP90: number;
  /** Mean milliseconds of CPU: user and system, of the command and of what it waited for. */
  readonly cpu: number;
}

export interface Comparison {
  readonly commands: readonly string[];
  readonly runsPerRound: number;
  readonly rounds: number;
  /** Seconds to wait before each run: kernel costs show that back-to-back runs hide. */
  readonly pause?: number;
  /** In place of `pause`, for each command what is executed before each of its runs, in order. */
  readonly preparations?: readonly string[];
  /** Use `sh -c`, at the same cost for every command. */
  readonly shell?: boolean;
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs that do not count, before each round. */
  readonly warmup?: number;
  /** The words that start hyperfine elsewhere (session.ts). */
  readonly session: readonly string[];
}

interface HyperfineResult {
  readonly times: readonly number[];
  readonly user: number;
  readonly system: number;
}

/** One measurement for each command, in order. A command that fails ends the benchmark. */
export async function compare(comparison: Comparison): Promise<Measurement[]> {
  const rounds: HyperfineResult[][] = [];
  for (let round = 0; round < comparison.rounds; round += 1) {
    rounds.push(await runRound(comparison));
  }
  return comparison.commands.map((_command, index) =>
    measure(rounds.flatMap((round) => round[index] ?? [])),
  );
}

async function runRound(comparison: Comparison): Promise<HyperfineResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "ocicat-hyperfine-"));
  const report = join(folder, "report.json");
  try {
    await must(
      [
        ...comparison.session,
        "hyperfine",
        `--shell=${comparison.shell === true ? "sh" : "none"}`,
        `--warmup=${comparison.warmup ?? 3}`,
        `--runs=${comparison.runsPerRound}`,
        "--style=none",
        `--export-json=${report}`,
        ...preparations(comparison).flatMap((each) => ["--prepare", each]),
        ...comparison.commands,
      ],
      { seconds: 600, environment: comparison.environment ?? {} },
    );
    const { results }: { results: HyperfineResult[] } = await Bun.file(report).json();
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function preparations({ pause, preparations: own }: Comparison): readonly string[] {
  return own ?? (pause === undefined ? [] : [`sleep ${pause}`]);
}

function measure(results: readonly HyperfineResult[]): Measurement {
  const milliseconds = results.flatMap(({ times }) => times.map((seconds) => seconds * 1000));
  const cpu = results.map(({ user, system }) => (user + system) * 1000);
  return {
    wallMedian: median(milliseconds),
    wallMinimum: Math.min(...milliseconds),
    wallP90: quantile(milliseconds, 0.9),
    cpu: cpu.reduce((sum, each) => sum + each, 0) / cpu.length,
  };
}
