// SIGKILL for `ocicat exec` at its system calls, for holders of what it executed, and for whoever gives it
// another one: the process has run to its end under a holder or never began, what is told of it is right,
// and nothing of it is left. How often: kills.ts.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  inspectExec,
  listExecs,
  waitForExec,
} from "../../src/engine/containers/exec-operations.ts";
import { readProcessStat, waitForPid } from "../../src/sys/process.ts";
import { seededRandom } from "../fixtures/random.ts";
import { eventually } from "../peers/conditions.ts";
import { callNumbers, EnginePlace } from "./engine-place.ts";
import { KILLS, patienceMs, shareOf, TELLS_ENDS } from "./kills.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const ROUNDS = shareOf(KILLS, 8);
const HOLDER_ROUNDS = shareOf(KILLS, 15);
const TIMEOUT_MS = patienceMs(ROUNDS);

describe.skipIf(NEEDS_ROOT)("as root: what was executed survives the death of", () => {
  const place = new EnginePlace();
  const random = seededRandom(20_261_130);
  const options = () => ({ storeRoot: place.store, stateRoot: place.state });
  const ids = () => listExecs("web", options());
  /** In the container's /tmp. */
  const file = (name: string) => join(place.folderOf("web"), "upper/tmp", name);
  const forget = () => place.call("exec", ["web", "sh", "-c", "rm -f /tmp/begun /tmp/ended"]);

  beforeAll(async () => {
    await place.build();
    place.detach("web", "sleep 1000");
    expect(statSync(place.folderOf("web")).isDirectory()).toBe(true);
  });
  afterAll(async () => {
    await place.expectCleared("the test");
    place.remove();
  });

  const script = "touch /tmp/begun; sleep 0.02; touch /tmp/ended; exit 7";
  const exec = (...flags: readonly string[]) => [
    ...["exec", ...flags, ...place.flags, "web", "sh", "-c"],
    script,
  ];

  /** What was killed is remembered, as long as there was a record, and its end is known if it began. */
  async function expectSettled(what: string): Promise<void> {
    for (const id of await ids()) {
      const code = await waitForExec(id, options());
      const begun = existsSync(file("begun"));
      const { Running, Error: reason } = await inspectExec(id, options());
      const told = begun ? [what, 7, false, ""] : [what, code, false, reason];
      expect([what, code, Running, reason]).toEqual(told);
      expect([what, existsSync(file("ended"))]).toEqual([what, begun]);
      rmSync(join(place.state, ".execs", place.idOf("web"), id), { recursive: true });
    }
    forget();
    expect(place.statusOf("web")).toStartWith("Up ");
  }

  test.each([["-d"], ["-i"]])(
    "ocicat exec %s, at system calls",
    async (flag) => {
      const whole = exec(flag).map((word) => (word === script ? "exit 0" : word));
      const { calls } = await place.measure(whole);
      for (const atCall of callNumbers(calls, ROUNDS, random)) {
        expect(await place.isKilledAt(exec(flag), atCall, calls)).toBe(true);
        await eventually("the holders' end", () => place.reap().length === 1);
        await expectSettled(`exec ${flag}, killed at call ${atCall} of ${calls}`);
      }
    },
    TIMEOUT_MS,
  );

  /** More than a FIFO takes, so that it ends only if somebody reads. */
  const WRITER = `while [ ! -e /tmp/go ]; do sleep 0.01; done
seq 1 20000
touch /tmp/ended
exit 7`;

  async function startWriter(): Promise<{ readonly id: string; readonly pid: number }> {
    const id = place.outputOf("exec", "-d", "web", "sh", "-c", WRITER).trim();
    return { id, pid: (await inspectExec(id, options())).Pid };
  }

  const holderOf = (pid: number): number => readProcessStat(pid)?.parentPid ?? 0;

  /** Of a process that was just executed. */
  async function killHolder(pid: number): Promise<void> {
    const holderPid = holderOf(pid);
    process.kill(holderPid, "SIGKILL");
    await eventually("the holder's end", () => {
      place.reap();
      return !existsSync(`/proc/${holderPid}`);
    });
  }

  /** As the init of a machine does. Without it no holder but the first could learn how it ended. */
  async function reapWhenDead(pid: number): Promise<void> {
    await eventually("the process's end", () => readProcessStat(pid)?.state === "Z");
    waitForPid(pid);
  }

  async function expectEnd(what: string, id: string, wanted: number | undefined): Promise<void> {
    expect([what, await waitForExec(id, options())]).toEqual([what, wanted]);
    const folder = join(place.state, ".execs", place.idOf("web"), id);
    await eventually("its holder's end", () => {
      place.reap();
      return !existsSync(join(folder, "attach.sock"));
    });
    expect(readdirSync(folder).toSorted()).toEqual(["exec.json", "exit.json"]);
    rmSync(folder, { recursive: true });
    place.outputOf("exec", "web", "rm", "-f", "/tmp/ended", "/tmp/go");
  }

  test(
    "its holder, and whoever gives it another one",
    async () => {
      for (let round = 0; round < HOLDER_ROUNDS; round += 1) {
        const what = `round ${round}`;
        const { id, pid } = await startWriter();
        await killHolder(pid);
        await place.kill(["ps", ...place.flags], { afterMs: 40 + random() * 80 });
        await place.kill(["inspect", ...place.flags, "web"], { afterMs: 40 + random() * 80 });
        place.outputOf("exec", "web", "touch", "/tmp/go");
        await reapWhenDead(pid);
        expect([what, existsSync(file("ended"))]).toEqual([what, true]);
        await expectEnd(what, id, TELLS_ENDS ? 7 : undefined);
      }
      expect(place.statusOf("web")).toStartWith("Up ");
    },
    TIMEOUT_MS,
  );

  test("its holder and itself: nobody knows how it ended", async () => {
    const { id, pid } = await startWriter();
    await killHolder(pid);
    process.kill(pid, "SIGKILL");
    await eventually("its end", () => readProcessStat(pid)?.state === "Z");
    expect(await waitForExec(id, options())).toBeUndefined();
    const { Running, Error: reason } = await inspectExec(id, options());
    expect([Running, reason]).toEqual([false, expect.stringContaining("its holder was killed")]);
    waitForPid(pid);
  });

  test("a command between an exec's folder and its record", async () => {
    const folder = join(place.state, ".execs", "0".repeat(64), "1".repeat(64));
    mkdirSync(folder, { recursive: true });
    place.outputOf("system check", "--repair");
    expect(existsSync(folder)).toBe(false);
    expect(await ids()).toHaveLength(1);
  });
});
