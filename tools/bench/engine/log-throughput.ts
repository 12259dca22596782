// One container that writes as fast as it can: how fast its keeper takes that and writes the log.
//
// The container waits for a line in one FIFO, copies a file of lines to its standard output, again and
// again, and then writes a line into another. What is measured is between the two lines.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../peers/command.ts";
import { cpuOf, totalOf } from "../images/run-once.ts";
import { median } from "../statistics.ts";
import { newKeepers } from "./keepers.ts";
import { callEngine, type EngineProgram, removeAll } from "./programs.ts";

export interface LogThroughput {
  readonly name: string;
  /** Of what the container wrote. */
  readonly bytesPerSecond: number;
  /** Of the keeper, and of daemons. */
  readonly cpuMsPerGigabyte: number;
}

const LINE_BYTES = 100;
const FILE_BYTES = 32 * 1000 * 1000;
const COPIES = 8;
const GIGABYTE = 1e9;

/** The programs take turns. */
export async function measureLogs(
  programs: readonly EngineProgram[],
  folder: string,
  rounds: number,
): Promise<readonly LogThroughput[]> {
  const place = await makePlace(folder);
  const samples = new Map<EngineProgram, LogThroughput[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const program of programs) {
      samples.set(program, [...(samples.get(program) ?? []), await measureOnce(program, place)]);
    }
  }
  return [...samples].map(([{ name }, all]) => ({
    name,
    bytesPerSecond: median(all.map(({ bytesPerSecond }) => bytesPerSecond)),
    cpuMsPerGigabyte: median(all.map(({ cpuMsPerGigabyte }) => cpuMsPerGigabyte)),
  }));
}

/** Returns the folder that containers have as /chatty. */
async function makePlace(folder: string): Promise<string> {
  const place = join(folder, "chatty");
  mkdirSync(place, { recursive: true });
  const line = `${"0123456789".repeat(LINE_BYTES / 10).slice(1)}\n`;
  writeFileSync(join(place, "lines"), line.repeat(FILE_BYTES / LINE_BYTES));
  await must(["mkfifo", join(place, "go"), join(place, "done")]);
  return place;
}

const CHAT = `read -r line < /chatty/go
for i in $(seq ${COPIES}); do cat /chatty/lines; done
echo > /chatty/done
sleep 1000`;

async function measureOnce(program: EngineProgram, place: string): Promise<LogThroughput> {
  await removeAll(program);
  const flags = ["-d", "-v", `${place}:/chatty`, ...program.runFlags, ...program.logFlags];
  const command = ["run", ...flags, program.image, "sh", "-c", CHAT];
  const keepers = await newKeepers(program, () => callEngine(program, command));
  const counted = [...keepers, ...program.daemons];
  await must(["sync"], { seconds: 600 });
  const cpuBefore = totalOf(counted, cpuOf);
  const begin = performance.now();
  await must(["sh", "-c", 'echo > "$0/go"; read -r line < "$0/done"', place], { seconds: 300 });
  const seconds = (performance.now() - begin) / 1000;
  const cpuMs = totalOf(counted, cpuOf) - cpuBefore;
  await removeAll(program);
  const written = FILE_BYTES * COPIES;
  return {
    name: program.name,
    bytesPerSecond: written / seconds,
    cpuMsPerGigabyte: (cpuMs / written) * GIGABYTE,
  };
}
