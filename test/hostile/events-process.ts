// Records numbered events and folds them now and then, until it is killed:
//
//   bun events-process.ts '{"storeRoot":"/tmp/store","writer":"a"}'
//
// Tells the number of each event that it has recorded, in a line of its own.

import { writeSync } from "node:fs";
import { foldEvents } from "../../src/engine/events/fold-events.ts";
import { recordEvent } from "../../src/engine/events/record-event.ts";
import { readSurroundings } from "../../src/engine/surroundings.ts";

export interface EventsRequest {
  readonly storeRoot: string;
  readonly writer: string;
}

const STDOUT = 1;
const EVENTS_BETWEEN_FOLDS = 50;

async function recordForEver({ storeRoot, writer }: EventsRequest): Promise<void> {
  const surroundings = await readSurroundings({ storeRoot });
  for (let number = 1; ; number += 1) {
    const id = `${writer}-${number}`;
    recordEvent(surroundings, {
      type: "container",
      action: "start",
      id,
      name: "web",
      attributes: {},
    });
    writeSync(STDOUT, `${number}\n`);
    if (number % EVENTS_BETWEEN_FOLDS === 0) {
      foldEvents(surroundings);
    }
  }
}

await recordForEver(JSON.parse(process.argv[2] ?? "{}"));
