// SIGKILL for the commands on containers, at their system calls and at random moments, and for holders:
// what the next command shows is right, no line of output is lost or doubled, nothing is left in the end.
// How often: kills.ts.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProcessStat } from "../../src/sys/process.ts";
import { seededRandom } from "../fixtures/random.ts";
import { eventually } from "../peers/conditions.ts";
import { callNumbers, EnginePlace } from "./engine-place.ts";
import { KILLS, patienceMs, shareOf, TELLS_ENDS } from "./kills.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
/** Each of the tests has its share. */
const ROUNDS = shareOf(KILLS, 7);
const NAME = "writer";
const TIMEOUT_MS = patienceMs(KILLS);

describe.skipIf(NEEDS_ROOT)("as root: containers survive the death of", () => {
  const place = new EnginePlace();
  const random = seededRandom(20_261_129);

  beforeAll(async () => {
    await place.build();
  });
  afterEach(async () => {
    await place.expectCleared("a test");
  });
  afterAll(() => {
    place.remove();
  });

  function startWriter(): void {
    const words = place.writerWords(NAME);
    const child = Bun.spawnSync([place.command([])[0] ?? "", "run", "-d", ...words]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
  }

  async function untilLines(count: number, runs = 1): Promise<void> {
    await eventually("lines", () => place.expectWholeLog(NAME, runs) > count);
  }

  /** A process whose start was cut short ends by itself, a moment later: one that writes goes on. */
  async function untilDecided(): Promise<string> {
    const decided = await eventually("one that writes, or none that runs", () => {
      const status = place.statusOf(NAME);
      return (!status.startsWith("Up ") || place.expectWholeLog(NAME) > 10) && { status };
    });
    return decided.status;
  }

  /** A container of which nobody knows what became runs and can be stopped, or was never started. */
  async function expectUsable(what: string): Promise<void> {
    const status = await untilDecided();
    if (status.startsWith("Up ")) {
      place.outputOf("stop", NAME);
      expect([what, place.statusOf(NAME)]).toEqual([what, expect.stringContaining("Exited (7) ")]);
      expect([what, place.expectWholeLog(NAME) > 10]).toEqual([what, true]);
    } else if (status !== "") {
      expect([what, status]).toEqual([what, expect.stringMatching(/^(Created$|Dead: |Exited)/)]);
      place.outputOf("start", NAME);
      expect([what, place.statusOf(NAME)]).toEqual([what, expect.stringMatching(/^Up /)]);
    }
    await place.expectCleared(what);
  }

  test(
    "run -d, at system calls and at random moments",
    async () => {
      const run = ["run", "-d", ...place.writerWords(NAME)];
      const { calls, ms } = await place.measure(run);
      await place.expectCleared("run -d");
      for (const atCall of callNumbers(calls, ROUNDS, random)) {
        expect(await place.isKilledAt(run, atCall, calls)).toBe(true);
        await expectUsable(`run -d, killed at call ${atCall} of ${calls}`);
      }
      for (let round = 0; round < ROUNDS; round += 1) {
        const afterMs = random() * ms;
        await place.kill(run, { afterMs });
        await expectUsable(`run -d, killed after ${afterMs.toFixed(1)} ms`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "run in the foreground: the container goes on, and ends as it would have",
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const afterMs = 100 + random() * 600;
        const end = await place.kill(["run", ...place.writerWords(NAME)], { afterMs });
        expect(end).toBe("killed");
        await expectUsable(`run, killed after ${afterMs.toFixed(1)} ms`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "start, at system calls",
    async () => {
      const create = ["create", ...place.writerWords(NAME)];
      const start = ["start", ...place.flags, NAME];
      await place.measure(create);
      const { calls } = await place.measure(start);
      await place.expectCleared("start");
      for (const atCall of callNumbers(calls, ROUNDS, random)) {
        await place.measure(create);
        expect(await place.isKilledAt(start, atCall, calls)).toBe(true);
        await expectUsable(`start, killed at call ${atCall} of ${calls}`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "stop and rm -f, at system calls",
    async () => {
      const commands = [
        ["stop", ...place.flags, NAME],
        ["rm", "-f", ...place.flags, NAME],
      ];
      for (const command of commands) {
        startWriter();
        const { calls } = await place.measure(command);
        await place.expectCleared(command[0] ?? "");
        for (const atCall of callNumbers(calls, ROUNDS, random).filter(
          (_, index) => index % 2 === 0,
        )) {
          startWriter();
          await untilLines(10);
          expect(await place.isKilledAt(command, atCall, calls)).toBe(true);
          await expectUsable(`${command[0]}, killed at call ${atCall} of ${calls}`);
        }
      }
    },
    TIMEOUT_MS,
  );

  test(
    "what a holder executes in the end",
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        startWriter();
        const { holderPid } = place.startRecord(NAME);
        place.outputOf("kill", "--signal", "TERM", NAME);
        await Bun.sleep(random() * 60);
        process.kill(holderPid, "SIGKILL");
        place.reap();
        const what = `round ${round}`;
        const status = place.statusOf(NAME);
        expect([what, status]).toEqual([what, expect.stringMatching(/^(Exited \(7\)|Dead: |Up )/)]);
        await place.expectCleared(what);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "what starts a container again, at system calls",
    async () => {
      const { id, command } = await endUnseen();
      // Undisturbed it starts the container, in the end.
      const { calls } = await place.measure(command(id));
      await place.expectCleared("what starts a container again");
      // The rest of them is the start, which has a test of its own.
      for (const atCall of callNumbers(Math.floor(calls / 3), ROUNDS, random)) {
        const what = `killed at call ${atCall} of ${calls}`;
        const { id: next } = await endUnseen();
        expect([what, await place.isKilledAt(command(next), atCall, calls)]).toEqual([what, true]);
        await eventually(`${what}: the container to run again`, () => {
          place.reap();
          return place.statusOf(NAME).startsWith("Up ");
        });
        await place.expectCleared(what);
      }
    },
    TIMEOUT_MS,
  );

  /** A container that is to be started again has ended, and its holder has executed nothing. */
  async function endUnseen() {
    const words = place.writerWords(NAME, "--restart", "always");
    const child = Bun.spawnSync([place.command([])[0] ?? "", "run", "-d", ...words]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
    await untilLines(10);
    const pid = initPid();
    await killHolder();
    await killProcess(pid);
    await eventually("the end of its process", () => !isThere(pid));
    const command = (id: string) => ["container-ended", ...place.flags, id];
    return { id: child.stdout.toString().trim(), command };
  }

  /** Neither it nor what is left of it: nobody has to be told of its end any more. */
  function isThere(pid: number): boolean {
    place.reap();
    return readProcessStat(pid) !== undefined;
  }

  test(
    "holders: their containers go on, and the next command gives them another one",
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        startWriter();
        await Bun.sleep(random() * 50);
        await killHolder();
        expect(place.statusOf(NAME)).toStartWith("Up ");
        await untilLines(place.expectWholeLog(NAME) + 10);
        expect(place.startRecord(NAME).killedHolders).toBe(1);
        await stopAndExpectEnd(`round ${round}`);
        await place.expectCleared(`round ${round}`);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "holders whose containers are killed before anybody looks: their ends are unknown",
    async () => {
      startWriter();
      await untilLines(10);
      await killHolder();
      await killProcess(initPid());
      await eventually("the end", () => {
        place.reap();
        return place.statusOf(NAME).startsWith("Dead: its holder was killed");
      });
      const lines = place.expectWholeLog(NAME);
      expect(place.call("wait", [NAME]).stderr).toContain("nobody knows how it ended");
      place.outputOf("start", NAME);
      await untilLines(lines + 10, 2);
    },
    TIMEOUT_MS,
  );

  test(
    "several: the command and its holder, a holder and the command that replaces it",
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const what = `round ${round}`;
        await place.kill(["run", ...place.writerWords(NAME)], { afterMs: 150 + random() * 300 });
        const isCommitted = isUp();
        for (let more = Math.floor(random() * 3); more >= 0 && isUp(); more -= 1) {
          await killHolder();
          await place.kill(["ps", ...place.flags], { afterMs: 40 + random() * 80 });
        }
        // One that was killed before its container ran leaves none, or one that can be started.
        const wanted = isCommitted
          ? /^Up /
          : /^($|Created|Exited \(124\)|Dead: whoever started it)/;
        expect([what, place.statusOf(NAME)]).toEqual([what, expect.stringMatching(wanted)]);
        if (isUp()) {
          await untilLines(place.expectWholeLog(NAME) + 10);
          await stopAndExpectEnd(what);
        }
        await place.expectCleared(what);
      }
    },
    TIMEOUT_MS,
  );

  test(
    "everything, as a reboot does: the state folder is gone, what was written is there",
    async () => {
      startWriter();
      await untilLines(10);
      place.outputOf("create", ...place.writerWords("made").slice(4));
      await reboot();
      expect(place.statusOf(NAME)).toStartWith(
        "Dead: its holder was killed, or the machine restarted",
      );
      expect(place.statusOf("made")).toBe("Created");
      expect(place.expectWholeLog(NAME)).toBeGreaterThan(10);
      place.outputOf("start", NAME);
      expect(place.statusOf(NAME)).toMatch(/^Up /);
      place.outputOf("stop", NAME);
      expect(place.statusOf(NAME)).toStartWith("Exited (7) ");
    },
    TIMEOUT_MS,
  );

  test("somebody between the making of a container and its record, or in its removal", () => {
    const id = "0".repeat(64);
    const leave = (): void => {
      mkdirSync(join(place.store, "containers", id, "upper/folder"), { recursive: true });
      mkdirSync(join(place.store, "names"), { recursive: true });
      symlinkSync(id, join(place.store, "names", NAME));
    };
    leave();
    const found = `a killed command left the folder of the container ${id}\n`;
    expect(place.statusOf(NAME)).toBe("");
    expect(place.outputOf("system check")).toContain(`untidy: ${found}`);
    expect(place.outputOf("system check", "--repair")).toContain(`repaired: ${found}`);
    expect(place.leftovers()).toEqual([]);
    leave();
    expect(place.outputOf("system prune", "--force")).toContain(`${id}\n`);
    expect(place.leftovers()).toEqual([]);
    leave();
    startWriter();
    expect(place.idOf(NAME)).not.toBe(id);
    expect(place.outputOf("container prune", "--force")).toContain(id);
  });

  test("somebody who has made a socket that has not got its name", () => {
    place.outputOf("create", ...place.writerWords(NAME).slice(4));
    mkdirSync(join(place.state, ".attach"), { recursive: true });
    writeFileSync(join(place.state, ".attach", place.idOf(NAME)), "");
    place.outputOf("rm", NAME);
    expect(place.leftovers()).toEqual([]);
  });

  function isUp(): boolean {
    return place.statusOf(NAME).startsWith("Up ");
  }

  /** Undefined: it is dead. A start that was cut short has not written it down. */
  function livingHolder(): number | undefined {
    const { holderPid } = place.startRecord(NAME);
    const pid = holderPid === 0 ? (readProcessStat(initPid())?.parentPid ?? 0) : holderPid;
    return readProcessStat(pid)?.name.includes("ocicat") === true ? pid : undefined;
  }

  async function killHolder(): Promise<void> {
    const holderPid = livingHolder();
    if (holderPid !== undefined) {
      await killProcess(holderPid);
    }
  }

  /** And buries it: nobody who looks afterwards finds it dying, which a new holder would see to the end. */
  async function killProcess(pid: number): Promise<void> {
    process.kill(pid, "SIGKILL");
    await eventually("its end", () => {
      place.reap();
      return !existsSync(`/proc/${pid}`);
    });
  }

  /** However often its holder was killed; older kernels forget how a process ended that is nobody's child. */
  async function stopAndExpectEnd(what: string): Promise<void> {
    const { status, stderr } = await place.callAsInit("stop", [NAME]);
    expect([what, status, stderr]).toEqual([what, 0, ""]);
    const wanted = TELLS_ENDS ? /^Exited \(7\) / : /^(Exited \(7\) |Dead: its holder was killed)/;
    expect([what, place.statusOf(NAME)]).toEqual([what, expect.stringMatching(wanted)]);
    place.expectWholeLog(NAME);
  }

  function initPid(): number {
    const state = join(place.containerState, place.idOf(NAME), "state.json");
    return JSON.parse(readFileSync(state, "utf8")).pid;
  }

  async function reboot(): Promise<void> {
    await killHolder();
    await killProcess(initPid());
    rmSync(place.state, { recursive: true });
  }
});
