// The library call from a process that is already running: what an engine that embeds ocicat pays for a
// container.

import { join } from "node:path";
import { BUN_FLAGS, REPOSITORY } from "../repository.ts";
import type { Bundles } from "./bundles.ts";
import type { Measurement } from "./hyperfine.ts";
import { inCommonSession } from "./session.ts";
import { median, quantile } from "./statistics.ts";

export interface LibraryResult {
  readonly tight: Measurement;
  readonly paused: Measurement;
}

export async function measureLibrary({ plain }: Bundles): Promise<LibraryResult> {
  return { tight: await measure(plain, 200, 0), paused: await measure(plain, 45, 0.2) };
}

async function measure(bundle: string, count: number, pause: number): Promise<Measurement> {
  const script = join(REPOSITORY, "tools/bench/library-run.ts");
  const command = [process.execPath, ...BUN_FLAGS, script, bundle, String(count), String(pause)];
  const output = await inCommonSession(command);
  const { milliseconds, cpu }: { milliseconds: number[]; cpu: number } = JSON.parse(output);
  return {
    wallMedian: median(milliseconds),
    wallMinimum: Math.min(...milliseconds),
    wallP90: quantile(milliseconds, 0.9),
    cpu,
  };
}
