// SIGKILL for the commands on pods at their system calls: what the next command shows is right, the pod can
// be started and removed, nothing is left in the end. How often: kills.ts.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { seededRandom } from "../fixtures/random.ts";
import { callNumbers, EnginePlace } from "./engine-place.ts";
import { KILLS, patienceMs, shareOf } from "./kills.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
/** Each of the tests has its share. */
const ROUNDS = shareOf(KILLS, 20);
const POD = "pod";
const TIMEOUT_MS = patienceMs(KILLS);

describe.skipIf(NEEDS_ROOT)("as root: pods survive the death of", () => {
  const place = new EnginePlace();
  const random = seededRandom(20_261_130);
  const parent = `octest-${process.pid}`;
  const create = ["pod", "create", ...place.flags, "--cgroup-parent", parent, "--name", POD];
  const member = (name: string): readonly string[] => {
    const words = [...place.flags, "--pod", POD, "--name", name, "--rootfs", place.root];
    return [...words, "/bin/sh", "-c", "sleep 1000"];
  };

  beforeAll(async () => {
    await place.build();
  });
  afterEach(async () => {
    await expectCleared("a test");
  });
  afterAll(() => {
    place.remove();
  });

  async function expectCleared(what: string): Promise<void> {
    place.reap();
    expect([what, place.call("pod rm", ["-f", "--all"]).stderr]).toEqual([what, ""]);
    await place.expectCleared(what);
  }

  /** It is not there, or starts with all of its containers. */
  async function expectUsable(what: string): Promise<void> {
    if (place.call("pod exists", [POD]).status === 0) {
      place.outputOf("pod start", POD);
      const state = place.outputOf("pod inspect", "--format", "{{.State}}", POD);
      expect([what, state]).toEqual([what, "Running\n"]);
    }
    await expectCleared(what);
  }

  /** `before`: what is there when the command begins. Returns how often it was killed. */
  async function killEach(command: readonly string[], before: () => void): Promise<number> {
    const what = command.slice(0, 2).join(" ");
    before();
    const { calls } = await place.measure(command);
    await expectCleared(what);
    const numbers = callNumbers(calls, ROUNDS, random);
    for (const atCall of numbers) {
      before();
      expect(await place.isKilledAt(command, atCall, calls)).toBe(true);
      await expectUsable(`${what}, killed at call ${atCall} of ${calls}`);
    }
    return numbers.length;
  }

  const run = (words: readonly string[]): void => {
    const [program = ""] = place.command([]);
    const child = Bun.spawnSync([program, ...words], { cwd: place.folder });
    expect([words, child.stderr.toString(), child.exitCode]).toEqual([words, "", 0]);
  };

  test(
    "pod create",
    async () => {
      expect(await killEach(create, () => undefined)).toBe(ROUNDS);
    },
    TIMEOUT_MS,
  );

  test(
    "pod start",
    async () => {
      const makeBoth = (): void => {
        run(create);
        run(["create", ...member("one")]);
        run(["create", ...member("two")]);
      };
      const start = ["pod", "start", ...place.flags, POD];
      expect(await killEach(start, makeBoth)).toBe(ROUNDS);
    },
    TIMEOUT_MS,
  );

  test(
    "run --pod",
    async () => {
      expect(await killEach(["run", "-d", ...member("one")], () => run(create))).toBe(ROUNDS);
    },
    TIMEOUT_MS,
  );

  test(
    "pod rm -f",
    async () => {
      const makeOne = (): void => {
        run(create);
        run(["run", "-d", ...member("one")]);
      };
      const remove = ["pod", "rm", "-f", ...place.flags, POD];
      expect(await killEach(remove, makeOne)).toBe(ROUNDS);
    },
    TIMEOUT_MS,
  );
});
