// What the supervisor takes that containers with a health check need: the most that it has while it works.

import { readFileSync } from "node:fs";
import { supervisorPid } from "../../../src/engine/supervisor/supervisor-lock.ts";
import { supervisorPlace } from "../../../src/engine/supervisor/supervisor-place.ts";
import { parsePss } from "../memory.ts";
import { callEngine, type EngineProgram, removeAll } from "./programs.ts";

export interface SupervisorMemory {
  readonly containers: number;
  /** Kilobytes, the most of all looks. */
  readonly pss: number;
  readonly rss: number;
}

const CONTAINERS = 20;
const LOOKS = 20;
const BETWEEN_LOOKS_MS = 250;

export async function measureSupervisor(ocicat: EngineProgram): Promise<SupervisorMemory> {
  await removeAll(ocicat);
  const flags = ["-d", "--health-cmd", "true", "--health-interval", "1s", ...ocicat.runFlags];
  for (let count = 0; count < CONTAINERS; count += 1) {
    await callEngine(ocicat, ["run", ...flags, ocicat.image, "sleep", "1000"]);
  }
  const pid = supervisorOf(ocicat);
  let pss = 0;
  let rss = 0;
  for (let look = 0; look < LOOKS; look += 1) {
    await Bun.sleep(BETWEEN_LOOKS_MS);
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    pss = Math.max(pss, parsePss(rollup) ?? 0);
    rss = Math.max(rss, Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0));
  }
  await removeAll(ocicat);
  return { containers: CONTAINERS, pss, rss };
}

function supervisorOf({ environment }: EngineProgram): number {
  const { OCICAT_STORE_ROOT: storeRoot = "", OCICAT_STATE_ROOT: stateRoot = "" } = environment;
  const pid = supervisorPid(supervisorPlace({ storeRoot, stateRoot }));
  if (pid === undefined) {
    throw new Error("there is no supervisor");
  }
  return pid;
}
