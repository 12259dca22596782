// A running process that uses the library: runs a bundle COUNT times and prints what each took.
//
//   bun tools/bench/library-run.ts BUNDLE COUNT PAUSE_SECONDS   ->   {"milliseconds": [...], "cpu": 3.1}

import { readFileSync } from "node:fs";
import { run } from "../../src/runtime/run.ts";

const WARM_UP = 5;
const MILLISECONDS_PER_TICK = 10;

/** CPU milliseconds of this process and of the children it has waited for. */
function cpuMilliseconds(): number {
  // The process's name, which may have blanks, is in brackets; utime is the twelfth field after it.
  const fields = readFileSync("/proc/self/stat", "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return ticks * MILLISECONDS_PER_TICK;
}

const [bundle = "", count = "0", pause = "0"] = process.argv.slice(2);
const options = { bundle, id: "ocicat-bench-library", stateRoot: "/run/ocicat-bench/library" };
const milliseconds: number[] = [];
let cpuBefore = 0;
for (let index = -WARM_UP; index < Number(count); index += 1) {
  if (index === 0) {
    cpuBefore = cpuMilliseconds();
  }
  await Bun.sleep(Number(pause) * 1000);
  const begin = performance.now();
  const status = await run(options);
  if (index >= 0) {
    milliseconds.push(performance.now() - begin);
  }
  if (!("code" in status) || status.code !== 0) {
    throw new Error(`/bin/true ended with ${JSON.stringify(status)}`);
  }
}
const cpu = (cpuMilliseconds() - cpuBefore) / Number(count);
console.log(JSON.stringify({ milliseconds, cpu }));
