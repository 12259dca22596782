// Runs every lane and closes with ONE line that adds up their counts. A lane that fails does not keep
// the next from running.

import { BUN_FLAGS } from "./repository.ts";
import { type Lane, runLane } from "./testing/lane.ts";
import { addTallies, closingLine, type Tally } from "./testing/tally.ts";

/** Together less than an hour, whatever happens. */
const LANES: readonly Lane[] = [
  { name: "test", command: lane("tools/test.ts"), limitMinutes: 12 },
  { name: "test:endurance", command: lane("tools/endurance/main.ts"), limitMinutes: 12 },
  { name: "test:peers", command: lane("tools/peers/main.ts"), limitMinutes: 14 },
  { name: "test:vm", command: lane("tools/vm/main.ts"), limitMinutes: 21 },
];

function lane(file: string): string[] {
  return [process.execPath, ...BUN_FLAGS, file];
}

const tallies: Tally[] = [];
for (const each of LANES) {
  tallies.push(await runLane(each, console.log));
}
const total = addTallies(tallies);
console.log(closingLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;
