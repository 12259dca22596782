// Runs every lane and closes with ONE line that adds up their counts. A lane that fails does not keep
// the next from running. What failed is said again before that line: a log may be kept without its middle.

import { BUN_FLAGS } from "./repository.ts";
import { type Lane, type LaneEnd, runLane } from "./testing/lane.ts";
import { addTallies, closingLine } from "./testing/tally.ts";

/** With the set-up less than an hour, whatever happens. */
const WHOLE_RUN_MINUTES = 57;

/** What a lane may take at least, and what is kept free for it: it also gets what those before it left. */
const LANES: readonly (Pick<Lane, "name" | "command"> & { shareMinutes: number })[] = [
  { name: "test", command: lane("tools/test.ts"), shareMinutes: 16 },
  { name: "test:endurance", command: lane("tools/endurance/main.ts"), shareMinutes: 9 },
  { name: "test:peers", command: lane("tools/peers/main.ts"), shareMinutes: 9 },
  { name: "test:vm", command: lane("tools/vm/main.ts"), shareMinutes: 22 },
];

function lane(file: string): string[] {
  return [process.execPath, ...BUN_FLAGS, file];
}

function minutesSince(begin: number): number {
  return (performance.now() - begin) / 60_000;
}

const begin = performance.now();
const ends: LaneEnd[] = [];
for (const [index, { name, command }] of LANES.entries()) {
  const later = LANES.slice(index + 1).reduce((sum, { shareMinutes }) => sum + shareMinutes, 0);
  const limitMinutes = WHOLE_RUN_MINUTES - minutesSince(begin) - later;
  ends.push(await runLane({ name, command, limitMinutes }, console.log));
}
for (const failure of ends.flatMap(({ failures }) => failures)) {
  console.log(`failed: ${failure}`);
}
const total = addTallies(ends.map(({ tally }) => tally));
console.log(closingLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;
