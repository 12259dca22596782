import { expect, test } from "bun:test";
import { runLane } from "./lane.ts";

async function run(script: string, limitMinutes = 1) {
  const shown: string[] = [];
  const lane = { name: "example", command: ["bash", "-c", script], limitMinutes };
  const tally = await runLane(lane, (line) => shown.push(line));
  return { tally, shown };
}

test("a lane's counts are those of its closing line", async () => {
  const { tally } = await run("echo one; echo '3 passed, 0 failed, 2 skipped'");
  expect(tally).toEqual({ passed: 3, failed: 0, skipped: 2 });
});

test("its output is shown, but not in the form of a closing line", async () => {
  const { shown } = await run("echo one; printf '3 passed, 0 failed'");
  expect(shown).toContain("one");
  expect(shown).toContain("(lane) 3 passed, 0 failed");
  expect(shown.filter((line) => /^\d+ passed/.test(line))).toEqual([]);
});

test("a closing line that is not the last one does not count", async () => {
  const { tally } = await run("echo '3 passed, 0 failed'; echo more");
  expect(tally).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("a lane that dies of a signal after its closing line has failed", async () => {
  const { tally } = await run("echo '3 passed, 0 failed'; kill -KILL $$");
  expect(tally).toEqual({ passed: 3, failed: 1, skipped: 0 });
});

test("a lane that does not end is ended", async () => {
  const { tally } = await run("exec sleep 60", 0.005);
  expect(tally.failed).toBe(1);
});

test("a process that a lane leaves behind does not hold up the run", async () => {
  const begin = performance.now();
  const { tally } = await run("sleep 4 & echo '1 passed, 0 failed'");
  expect(tally).toEqual({ passed: 1, failed: 0, skipped: 0 });
  expect(performance.now() - begin).toBeLessThan(3500);
});
