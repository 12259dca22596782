// SIGKILL for `ocicat exec` at its system calls, and for holders of what it executed: the process has run to
// its end under its holder or never began, what is told of it is right, and nothing of it is left.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
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

const NEEDS_ROOT = process.getuid?.() !== 0;
const ROUNDS = 8;
const TIMEOUT_MS = 120_000;

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
        expect(await place.kill(exec(flag), { atCall })).toBe("killed");
        await eventually("the holders' end", () => place.reap().length === 1);
        await expectSettled(`exec ${flag}, killed at call ${atCall} of ${calls}`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "its holder",
    async () => {
      for (let round = 0; round < 4; round += 1) {
        const id = place.outputOf("exec", "-d", "web", "sleep", "1000").trim();
        const { Pid } = await inspectExec(id, options());
        process.kill(readProcessStat(Pid)?.parentPid ?? 0, "SIGKILL");
        expect((await inspectExec(id, options())).Running).toBe(true);
        process.kill(Pid, "SIGKILL");
        expect(await waitForExec(id, options())).toBeUndefined();
        await eventually("our child", () => readProcessStat(Pid)?.parentPid === process.pid);
        waitForPid(Pid);
        place.reap();
      }
      expect(place.statusOf("web")).toStartWith("Up ");
    },
    TIMEOUT_MS,
  );

  test("a command between an exec's folder and its record", async () => {
    const folder = join(place.state, ".execs", "0".repeat(64), "1".repeat(64));
    mkdirSync(folder, { recursive: true });
    place.outputOf("system check", "--repair");
    expect(existsSync(folder)).toBe(false);
    expect(await ids()).toHaveLength(4);
  });
});
