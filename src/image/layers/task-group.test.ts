import { expect, test } from "bun:test";
import { OcicatError } from "../../error/ocicat-error.ts";
import { TaskGroup } from "./task-group.ts";

const failure = (subject: string): OcicatError =>
  new OcicatError("unavailable", { operation: "read", subject });

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

test("so many work at once, the others wait for their turn", async () => {
  const group = new TaskGroup(2);
  let working = 0;
  let most = 0;
  const results = Array.from({ length: 6 }, (_, index) =>
    group.queue(async () => {
      working += 1;
      most = Math.max(most, working);
      await Bun.sleep(0);
      working -= 1;
      return index;
    }),
  );
  await group.finish();
  expect(await Promise.all(results)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(most).toBe(2);
});

test("the first failure ends all; the others are told behind it, but not that they were ended", async () => {
  const group = new TaskGroup(2);
  const first = failure("the first");
  const second = failure("the second");
  let started = 0;
  const ended = group.queue(async () => {
    await new Promise((resolve) => {
      group.signal.addEventListener("abort", resolve);
    });
    throw new OcicatError("interrupted", { operation: "read", subject: "x", reason: "cancelled" });
  });
  const tasks = [
    group.queue(() => Promise.reject(first)),
    group.start(async () => {
      await errorOf(ended);
      throw second;
    }),
    group.queue(async () => {
      started += 1;
      await Promise.resolve();
    }),
  ];
  await Promise.allSettled(tasks);
  expect(await errorOf(group.finish())).toBe(first);
  expect(first.cleanupFailures).toEqual([second]);
  expect(started).toBe(0);
});

test("a signal from outside ends all, before and while they work", async () => {
  const controller = new AbortController();
  const group = new TaskGroup(1, controller.signal);
  const working = group.queue(() => new Promise<void>((resolve) => setTimeout(resolve, 0)));
  const queued = group.queue(() => Promise.resolve());
  await Promise.resolve();
  controller.abort();
  expect(group.signal.aborted).toBe(true);
  expect(await errorOf(working)).toBeUndefined();
  expect(await errorOf(queued)).toMatchObject({ code: "interrupted" });
  expect(await errorOf(group.finish())).toMatchObject({ code: "interrupted" });
  const late = new TaskGroup(1, controller.signal);
  expect(await errorOf(late.queue(() => Promise.resolve()))).toMatchObject({ code: "interrupted" });
});

test("tasks that tasks have started are waited for, also when what started them has failed", async () => {
  const group = new TaskGroup(2);
  const first = failure("the first");
  let cleaned = false;
  const parent = group.start(async () => {
    await Promise.resolve();
    const child = group.start(async () => {
      await new Promise((resolve) => {
        group.signal.addEventListener("abort", resolve);
      });
      await Bun.sleep(0);
      cleaned = true;
    });
    child.catch(() => undefined);
    throw first;
  });
  expect(await errorOf(group.finish())).toBe(first);
  expect(await errorOf(parent)).toBe(first);
  expect(cleaned).toBe(true);
});
