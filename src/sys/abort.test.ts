import { expect, test } from "bun:test";
import { onAbort } from "./abort.ts";

test("acts when the signal comes, or at once where it has come before", () => {
  const controller = new AbortController();
  const seen: string[] = [];
  using _later = onAbort(controller.signal, () => seen.push("later"));
  expect(seen).toEqual([]);
  controller.abort();
  using _atOnce = onAbort(controller.signal, () => seen.push("at once"));
  expect(seen).toEqual(["later", "at once"]);
});

test("acts no more when the wait is over", () => {
  const controller = new AbortController();
  const seen: string[] = [];
  onAbort(controller.signal, () => seen.push("over"))[Symbol.dispose]();
  using _never = onAbort(undefined, () => seen.push("no signal"));
  controller.abort();
  expect(seen).toEqual([]);
});
