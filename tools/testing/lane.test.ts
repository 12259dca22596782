import { expect, test } from "bun:test";
import { runLane } from "./lane.ts";

async function run(script: string, limitMinutes = 1) {
  const shown: string[] = [];
  const lane = { name: "example", command: ["bash", "-c", script], limitMinutes };
  const end = await runLane(lane, (line) => shown.push(line));
  return { ...end, shown };
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

test("a lane that does not end is ended, with what it started", async () => {
  const { tally, shown, failures } = await run("sleep 60 & echo $!; wait", 0.03);
  expect(tally.failed).toBe(1);
  expect(failures).toEqual(["== example: not done after 0.0 minutes"]);
  const pid = pidIn(shown);
  while (await isRunning(`/proc/${pid}/stat`)) {
    await Bun.sleep(10);
  }
});

/** Of the process that a lane has started, and told of. */
function pidIn(shown: readonly string[]): number {
  const pid = Number(shown.find((line) => /^\d+$/.test(line)));
  expect(pid).toBeGreaterThan(1);
  return pid;
}

/** Whoever inherits a process that was killed may take a moment to bury it. */
async function isRunning(path: string): Promise<boolean> {
  const text = await Bun.file(path)
    .text()
    .catch(() => "");
  return text !== "" && !/\) [ZX] /.test(text);
}

test("what failed is kept by name", async () => {
  const { failures } = await run(
    "echo 'pass  a'; echo 'FAIL  b'; echo 'vm run | FAIL  c'; echo '1 passed, 2 failed'",
  );
  expect(failures).toEqual(["example: FAIL  b", "example: vm run | FAIL  c"]);
});

test("a process that a lane leaves behind does not hold up the run", async () => {
  const { tally, shown } = await run("sleep 1000 & echo $!; echo '1 passed, 0 failed'");
  expect(tally).toEqual({ passed: 1, failed: 0, skipped: 0 });
  const pid = pidIn(shown);
  expect(await isRunning(`/proc/${pid}/stat`)).toBe(true);
  process.kill(pid, "SIGKILL");
});
