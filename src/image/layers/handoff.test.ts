import { describe, expect, test } from "bun:test";
import { Handoff } from "./handoff.ts";

const chunk = (value: number): Uint8Array => new Uint8Array([value]);

async function takeAll(handoff: Handoff, most = Number.POSITIVE_INFINITY): Promise<number[]> {
  const taken: number[] = [];
  for await (const [value = 0] of handoff) {
    taken.push(value);
    if (taken.length === most) {
      break;
    }
  }
  return taken;
}

/** Whether the promise is fulfilled once everything that can go on has done so. */
async function isFulfilled(promise: Promise<unknown>): Promise<boolean> {
  let fulfilled = false;
  promise.then(
    () => {
      fulfilled = true;
    },
    () => undefined,
  );
  await Bun.sleep(0);
  return fulfilled;
}

describe("the giver", () => {
  test("waits for each chunk to be taken", async () => {
    const handoff = new Handoff();
    const first = handoff.give(chunk(1));
    expect(await isFulfilled(first)).toBe(false);
    const taken = takeAll(handoff);
    await first;
    await handoff.give(chunk(2));
    handoff.end();
    expect(await taken).toEqual([1, 2]);
  });

  test("waits no more when the taker has left, whatever it gives", async () => {
    const handoff = new Handoff();
    const taken = takeAll(handoff, 1);
    await handoff.give(chunk(1));
    expect(await taken).toEqual([1]);
    await handoff.give(chunk(2));
    await handoff.give(chunk(3));
  });

  test("waits no more when the taker never came", async () => {
    const handoff = new Handoff();
    const given = handoff.give(chunk(1));
    handoff.leave();
    expect(await isFulfilled(given)).toBe(true);
    expect(await isFulfilled(handoff.give(chunk(2)))).toBe(true);
  });
});

describe("the taker", () => {
  test("gets what was given before the end", async () => {
    const handoff = new Handoff();
    const given = handoff.give(chunk(1));
    handoff.end();
    expect(await takeAll(handoff)).toEqual([1]);
    await given;
  });

  test("gets an error in place of what it has not taken, waiting or not", async () => {
    const error = new Error("ended");
    const waiting = new Handoff();
    const failed = takeAll(waiting).catch((reason: unknown) => reason);
    await Bun.sleep(0);
    waiting.fail(error);
    expect(await failed).toBe(error);
    const full = new Handoff();
    const dropped = full.give(chunk(1));
    full.fail(error);
    await dropped;
    expect(await takeAll(full).catch((reason: unknown) => reason)).toBe(error);
  });
});
