// SIGKILL for supervisors at random moments, and with each of them, at once or shortly before or after, for
// holders, for a process that is started again, for probes and for commands that look at containers. What
// follows is as if nobody had been killed: containers run or run again, each has its health checked, the
// lines that they write are all there, their ends are told right, nothing is left. How often: kills.ts.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { supervisorPid } from "../../src/engine/supervisor/supervisor-lock.ts";
import { supervisorPlace } from "../../src/engine/supervisor/supervisor-place.ts";
import { readProcessStat } from "../../src/sys/process.ts";
import { seededRandom } from "../fixtures/random.ts";
import { eventually } from "../peers/conditions.ts";
import { EnginePlace } from "./engine-place.ts";
import { KILLS, patienceMs, shareOf, TELLS_ENDS } from "./kills.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
/** Each kills some. */
const ROUNDS = shareOf(KILLS, 12);
const TIMEOUT_MS = patienceMs(ROUNDS);

const ONCE = "once";
const AGAIN = "again";
const NAMES = [ONCE, AGAIN];

/** Kills one thing; whatever it was to kill may have gone by then. */
type Killing = () => Promise<unknown> | unknown;

interface HealthReport {
  readonly Status: string;
  readonly Log: readonly { readonly Start: string }[];
}

describe.skipIf(NEEDS_ROOT)("as root: health checks and restarts survive the death of", () => {
  const place = new EnginePlace();
  const random = seededRandom(20_261_201);
  let kills = 0;
  /** Of the container that is started again. */
  let processKills = 0;

  beforeAll(async () => {
    await place.build();
  });
  afterEach(async () => {
    await place.expectCleared("a test");
  });
  afterAll(() => {
    place.remove();
  });

  function start(name: string, ...flags: readonly string[]): void {
    const health = ["--health-cmd", "true", "--health-interval=100ms"];
    const [program = ""] = place.command([]);
    const words = place.writerWords(name, ...health, ...flags);
    const child = Bun.spawnSync([program, "run", "-d", ...words]);
    expect([child.stderr.toString(), child.exitCode]).toEqual(["", 0]);
  }

  function currentSupervisor(): number | undefined {
    return supervisorPid(supervisorPlace({ storeRoot: place.store, stateRoot: place.state }));
  }

  function killProcess(pid: number | undefined): boolean {
    if (pid === undefined || pid <= 0 || readProcessStat(pid) === undefined) {
      return false;
    }
    process.kill(pid, "SIGKILL");
    kills += 1;
    return true;
  }

  const pidOf = (name: string): number => {
    const state = join(place.containerState, place.idOf(name), "state.json");
    return existsSync(state) ? JSON.parse(readFileSync(state, "utf8")).pid : 0;
  };

  const killHolder = (name: string): Killing => {
    return () => killProcess(place.startRecord(name).holderPid);
  };

  function killAgain(): void {
    processKills += Number(killProcess(pidOf(AGAIN)));
  }

  function killProbes(): void {
    const children = `/proc/${currentSupervisor()}/task/${currentSupervisor()}/children`;
    const pids = existsSync(children) ? readFileSync(children, "utf8").trim().split(" ") : [];
    for (const pid of pids) {
      killProcess(Number(pid));
    }
  }

  const killCommand = (...words: readonly string[]): Killing => {
    return async () => {
      const [command = "", ...rest] = words;
      const end = await place.kill([command, ...place.flags, ...rest], { afterMs: random() * 120 });
      kills += Number(end === "killed");
    };
  };

  const others: readonly Killing[] = [
    killHolder(ONCE),
    killHolder(AGAIN),
    killAgain,
    killProbes,
    killCommand("ps"),
    killCommand("inspect", ONCE),
    killCommand("logs", AGAIN),
  ];

  /** The supervisor, and one to three of the others, in any order. */
  function choose(): readonly Killing[] {
    const shuffled = others
      .map((killing) => ({ killing, at: random() }))
      .toSorted((one, other) => one.at - other.at)
      .map(({ killing }) => killing);
    const chosen = shuffled.slice(0, 1 + Math.floor(random() * 3));
    return chosen.toSpliced(Math.floor(random() * (chosen.length + 1)), 0, () =>
      killProcess(currentSupervisor()),
    );
  }

  async function killSome(): Promise<void> {
    const pending: unknown[] = [];
    for (const killing of choose()) {
      // Half of them in the same moment.
      await Bun.sleep(Math.max(0, random() - 0.5) * 80);
      pending.push(killing());
    }
    await Promise.all(pending);
  }

  const healthOf = (name: string): HealthReport =>
    JSON.parse(place.outputOf("inspect", "--format", "{{json .State.Health}}", name));

  /** A probe of now, and not of before: somebody has it done. */
  async function expectChecked(what: string, name: string): Promise<void> {
    const begin = Date.now();
    await eventually(`${what}: a health check of ${name}`, () => {
      place.reap();
      const { Status, Log } = healthOf(name);
      return Status === "healthy" && Log.some(({ Start }) => Date.parse(Start) > begin);
    });
  }

  async function expectRunning(what: string, name: string): Promise<void> {
    await eventually(`${what}: ${name} to run`, () => {
      place.reap();
      return place.statusOf(name).startsWith("Up ");
    });
  }

  /** Its lines come, none is missing, and it ends as it is told to. */
  async function expectSoundEnd(what: string, name: string, runs: number): Promise<void> {
    const before = place.expectWholeLog(name, runs);
    await eventually(`${what}: lines of ${name}`, () => {
      return place.expectWholeLog(name, runs) !== before;
    });
    const { status, stderr } = await place.callAsInit("stop", [name]);
    expect([what, name, status, stderr]).toEqual([what, name, 0, ""]);
    const wanted = TELLS_ENDS ? /^Exited \(7\) / : /^(Exited \(7\) |Dead: its holder was killed)/;
    expect([what, place.statusOf(name)]).toEqual([what, expect.stringMatching(wanted)]);
    place.expectWholeLog(name, runs);
  }

  test(
    "their supervisor, and of several others",
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const what = `round ${round}`;
        processKills = 0;
        start(ONCE);
        start(AGAIN, "--restart", "always");
        await eventually("a supervisor", () => currentSupervisor() !== undefined);
        await Bun.sleep(random() * 150);
        await killSome();
        for (const name of NAMES) {
          await expectRunning(what, name);
          await expectChecked(what, name);
        }
        await expectSoundEnd(what, ONCE, 1);
        await expectSoundEnd(what, AGAIN, 1 + processKills);
        await place.expectCleared(what);
      }
      // Some of those that were chosen had just ended.
      expect(kills).toBeGreaterThan(ROUNDS);
    },
    TIMEOUT_MS,
  );
});
