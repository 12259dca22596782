// Containers: ocicat beside podman with crun and conmon, and docker with containerd, its shims and runc.

import { must } from "../../peers/command.ts";
import { goOnUnlessInterrupted, watchForInterruption } from "../interruption.ts";
import { type AttachLatency, measureAttach } from "./attach-latency.ts";
import { measureCommands } from "./commands.ts";
import { measureLogs } from "./log-throughput.ts";
import { type ManyResult, measureMany } from "./many-containers.ts";
import { type EnginePrograms, startEngines } from "./programs.ts";
import {
  attachText,
  commandText,
  logsText,
  memoryText,
  startsText,
  supervisorText,
} from "./report.ts";
import { measureSupervisor } from "./supervisor-memory.ts";

/** Of what takes long there are fewer: with 5 all of it takes some 8 minutes on 2 cores. */
const ROUNDS = Number(process.env["OCICAT_BENCH_ROUNDS"] ?? "10");
const COMMAND_RUNS = Math.ceil(ROUNDS / 2);
const LOG_ROUNDS = Math.min(ROUNDS, 3);
/** The peers' starts are counted in tens of seconds, and vary little. */
const OWN_STARTS = Math.min(ROUNDS, 3);
const PEERS_STARTS = 1;

/** Returns the sections of the page. */
export async function measureEngine(folder: string): Promise<readonly string[]> {
  watchForInterruption();
  await using programs = await startEngines(folder);
  // Programs and images have only just been written.
  await must(["sync"], { seconds: 300 });
  const sections: string[] = [];
  for await (const section of measureSections(programs, folder)) {
    console.error(`\n${section}\n`);
    sections.push(section);
    goOnUnlessInterrupted();
  }
  return sections;
}

async function* measureSections({ all }: EnginePrograms, folder: string): AsyncGenerator<string> {
  const [ocicat] = all;
  for await (const result of measureCommands(all, COMMAND_RUNS)) {
    yield commandText(result);
  }
  const latencies: AttachLatency[] = [];
  for (const program of all) {
    latencies.push(await measureAttach(program));
  }
  yield attachText(latencies);
  yield logsText(await measureLogs(all, folder, LOG_ROUNDS));
  yield supervisorText(await measureSupervisor(ocicat));
  const many: ManyResult[] = [];
  for (const program of all) {
    many.push(await measureMany(program, program === ocicat ? OWN_STARTS : PEERS_STARTS));
  }
  yield startsText(many.map(({ starts }) => starts));
  yield memoryText(many.flatMap(({ memory }) => memory));
}
