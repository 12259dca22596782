// Many containers: how long it takes to start them at once, and what memory they take while they idle.

import { runOnce } from "../images/run-once.ts";
import { commonSession } from "../session.ts";
import { median } from "../statistics.ts";
import { keepersOf, totalPss } from "./keepers.ts";
import { type EngineProgram, removeAll } from "./programs.ts";

export interface StartsAtOnce {
  readonly name: string;
  readonly containers: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

export interface IdleMemory {
  readonly name: string;
  readonly containers: number;
  readonly processes: number;
  /** Of all that keep containers, kilobytes. */
  readonly keepersPss: number;
  /** Of all that has to run beside them. */
  readonly daemonsPss: number;
}

export interface ManyResult {
  readonly starts: StartsAtOnce;
  readonly memory: readonly IdleMemory[];
}

/** So many `run -d` at the same time; all are waited for. */
const AT_ONCE = Number(process.env["OCICAT_BENCH_CONTAINERS"] ?? "100");
const MOST = 5 * AT_ONCE;

/** `rounds`: of starts, whose medians count. The last one's containers stay for what follows. */
export async function measureMany(program: EngineProgram, rounds: number): Promise<ManyResult> {
  const walls: number[] = [];
  const cpus: number[] = [];
  const before = new Set(keepersOf(program));
  for (let round = 0; round < rounds; round += 1) {
    const sample = await runOnce({ ...startsOf(program), prepare: () => removeAll(program) });
    walls.push(sample.wallMs);
    cpus.push(sample.cpuMs);
  }
  const memory = [memoryOf(program, AT_ONCE, before)];
  for (let count = AT_ONCE; count < MOST; count += AT_ONCE) {
    await runOnce({ ...startsOf(program), prepare: async () => undefined });
  }
  memory.push(memoryOf(program, MOST, before));
  await removeAll(program);
  const { name } = program;
  const starts = { name, containers: AT_ONCE, wallMs: median(walls), cpuMs: median(cpus) };
  return { starts, memory };
}

function startsOf({ name, command, runFlags, image, environment, daemons }: EngineProgram) {
  const run = [...command, "run", "-d", ...runFlags, image, "sleep", "10000"].join(" ");
  // What keeps a container keeps the streams of its command, too, and nobody waits for those to close.
  const start = `${run} </dev/null >/dev/null 2>&1`;
  const script = `for i in $(seq ${AT_ONCE}); do ${start} & done; wait`;
  return { name, environment, daemons, command: [...commonSession(), "sh", "-c", script] };
}

function memoryOf(
  program: EngineProgram,
  containers: number,
  before: ReadonlySet<number>,
): IdleMemory {
  const keepers = keepersOf(program).filter((pid) => !before.has(pid));
  if (keepers.length < containers) {
    throw new Error(`${program.name}: ${keepers.length} of ${containers} containers run`);
  }
  return {
    name: program.name,
    containers,
    processes: keepers.length + program.daemons.length,
    keepersPss: totalPss(keepers),
    daemonsPss: totalPss(program.daemons),
  };
}
