// The events of a store, from the hot file and from the database.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSurroundings, type Surroundings } from "../surroundings.ts";
import { EventDatabase } from "./event-database.ts";
import { events } from "./events.ts";
import { foldEvents } from "./fold-events.ts";
import { HotEvents } from "./hot-events.ts";
import { HotEventsReader, placeAtEnd } from "./hot-events-reader.ts";
import { recordEvent } from "./record-event.ts";

let folder = "";
let place = { storeRoot: "", stateRoot: "" };
let surroundings: Surroundings;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "oct-events-"));
  place = { storeRoot: join(folder, "store"), stateRoot: join(folder, "state") };
  mkdirSync(place.storeRoot);
  surroundings = await readSurroundings(place);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function record(id: string, once?: string): void {
  const event = { type: "container", action: "start", id, name: "web", attributes: {} } as const;
  recordEvent(surroundings, { ...event, ...(once === undefined ? {} : { once }) });
}

function recordNumbers(first: number, last: number): string[] {
  const numbers = Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
  for (const number of numbers) {
    record(number);
  }
  return numbers;
}

async function past(): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of events({ ...place, follow: false })) {
    ids.push(id);
  }
  return ids;
}

const hotPath = (): string => join(place.storeRoot, "events.hot");

test("events come in order, whether they have been folded or not", async () => {
  expect(await past()).toEqual([]);
  const first = recordNumbers(1, 30);
  expect(await past()).toEqual(first);
  const second = recordNumbers(31, 60);
  foldEvents(surroundings);
  const third = recordNumbers(61, 90);
  expect(await past()).toEqual([...first, ...second, ...third]);
});

test("what has been folded takes no room, and the file goes on where it was", async () => {
  const numbers = recordNumbers(1, 400);
  const { size } = statSync(hotPath());
  foldEvents(surroundings);
  record("401");
  const after = statSync(hotPath());
  expect(after.size).toBeGreaterThan(size);
  expect(after.blocks * 512).toBeLessThan(size / 2);
  expect(await past()).toEqual([...numbers, "401"]);
});

test("what a killed process has left of a line damages no other", async () => {
  record("1");
  appendFileSync(hotPath(), '\n{"version":1,"time":"2026');
  record("2");
  expect(await past()).toEqual(["1", "2"]);
  using database = EventDatabase.open(place.storeRoot);
  expect(database.tally()).toEqual({ kept: 2, unreadable: 1 });
});

test("an event that is told twice is one", async () => {
  record("1", "die 1");
  foldEvents(surroundings);
  record("1", "die 1");
  record("2");
  expect(await past()).toEqual(["1", "2"]);
});

test("no more are kept than the setting says", async () => {
  process.env["OCICAT_EVENTS_KEEP"] = "3";
  try {
    recordNumbers(1, 10);
    expect(await past()).toEqual(["8", "9", "10"]);
  } finally {
    delete process.env["OCICAT_EVENTS_KEEP"];
  }
});

test("another hot file is read from its beginning", async () => {
  recordNumbers(1, 100);
  foldEvents(surroundings);
  rmSync(hotPath());
  recordNumbers(101, 102);
  expect((await past()).slice(-3)).toEqual(["100", "101", "102"]);
});

test("a damaged database is replaced", async () => {
  recordNumbers(1, 2);
  foldEvents(surroundings);
  writeFileSync(join(place.storeRoot, "events.sqlite"), "no database ".repeat(1000));
  rmSync(join(place.storeRoot, "events.sqlite-wal"), { force: true });
  record("3");
  expect(await past()).toContain("3");
});

test("a reader that has fallen behind misses nothing", () => {
  recordNumbers(1, 2);
  using reader = new HotEventsReader(surroundings, placeAtEnd(place.storeRoot));
  const expected = recordNumbers(3, 400);
  foldEvents(surroundings);
  expected.push(...recordNumbers(401, 402));
  expect(reader.read().map(({ id }) => id)).toEqual(expected);
  record("403", "once");
  record("403", "once");
  expect(reader.read().map(({ id }) => id)).toEqual(["403"]);
  expect(reader.read()).toEqual([]);
});

test("a reader goes on in the file that takes the place of its own", () => {
  record("1");
  using reader = new HotEventsReader(surroundings, undefined);
  expect(reader.read().map(({ id }) => id)).toEqual(["1"]);
  record("2");
  rmSync(hotPath());
  record("3");
  expect(reader.read().map(({ id }) => id)).toEqual(["2", "3"]);
});

test("events come as they happen, until the signal", async () => {
  rmSync(place.storeRoot, { recursive: true });
  const ending = new AbortController();
  const stream = events({ ...place, signal: ending.signal });
  const waiting = stream.next();
  // The watch is there once the store is: nothing was there before.
  while (!(await isWatched())) {
    // Each turn of the event loop lets the iterator go on.
  }
  record("1");
  expect((await waiting).value).toMatchObject({ id: "1", type: "container" });
  const next = stream.next();
  ending.abort();
  expect((await next).done).toBe(true);
});

async function isWatched(): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve));
  return statSync(place.storeRoot, { throwIfNoEntry: false }) !== undefined;
}

test("an event that cannot be written is dropped", () => {
  rmSync(place.storeRoot, { recursive: true });
  expect(() => record("1")).not.toThrow();
  expect(HotEvents.open(place.storeRoot)).toBeUndefined();
});
