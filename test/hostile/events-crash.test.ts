// Processes that record events and fold them, killed at random moments, beside one that follows: what has
// been recorded is told once by everybody, and in order.

import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EventsOptions, events } from "../../src/engine/events/events.ts";
import { seededRandom } from "../fixtures/random.ts";
import { KILLS, patienceMs, shareOf } from "./kills.ts";

const ROUNDS = shareOf(KILLS, 15);
const WRITERS = ["a", "b", "c"];
const MOST_EVENTS_OF_A_WRITER = 120;

let folder = "";

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Returns how many events it has told of until it was killed. */
async function recordUntilKilled(writer: string, random: () => number): Promise<number> {
  const request = JSON.stringify({ storeRoot: join(folder, "store"), writer });
  const program = join(import.meta.dir, "events-process.ts");
  const child = Bun.spawn([process.execPath, program, request], { stdout: "pipe" });
  const wanted = 1 + Math.floor(random() * MOST_EVENTS_OF_A_WRITER);
  let lines = 0;
  for await (const chunk of child.stdout) {
    lines += chunk.filter((byte) => byte === 10).length;
    if (lines >= wanted) {
      child.kill("SIGKILL");
    }
  }
  await child.exited;
  return lines;
}

async function idsOf(options: EventsOptions): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of events(options)) {
    ids.push(id);
  }
  return ids;
}

test(
  "whoever is killed, events are neither lost nor doubled",
  async () => {
    folder = mkdtempSync(join(tmpdir(), "oct-events-crash-"));
    const place = { storeRoot: join(folder, "store") };
    mkdirSync(place.storeRoot);
    const random = seededRandom(20_261_129);
    const ending = new AbortController();
    const following = idsOf({ ...place, sinceMs: 0, signal: ending.signal });
    const told = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      const writers = WRITERS.map((writer) => `${writer}${round}`);
      const counts = await Promise.all(writers.map((each) => recordUntilKilled(each, random)));
      for (const [index, writer] of writers.entries()) {
        told.set(writer, counts[index] ?? 0);
      }
    }
    const ids = await idsOf({ ...place, follow: false });
    for (const [writer, count] of told) {
      const own = ids.filter((id) => id.startsWith(`${writer}-`));
      expect(own.length).toBeGreaterThanOrEqual(count);
      expect(own).toEqual(own.map((_, index) => `${writer}-${index + 1}`));
    }
    expect(ids.length).toBeGreaterThan(ROUNDS);
    ending.abort();
    expect(await following).toEqual(ids);
  },
  patienceMs(ROUNDS),
);
