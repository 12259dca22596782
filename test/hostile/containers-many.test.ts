// Many containers at once: created, started, listed, stopped and removed, and nothing is left.
// How many: kills.ts.

import { afterAll, describe, expect, test } from "bun:test";
import { ContainerPlace } from "../e2e/container-place.ts";
import { eventually } from "../peers/conditions.ts";
import { CONTAINERS } from "./kills.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
/** Commands under way: more only wait for each other. */
const AT_ONCE = 4;
const TIMEOUT_MS = 120_000 + CONTAINERS * 1000;

describe.skipIf(NEEDS_ROOT)("as root: many containers", () => {
  const place = new ContainerPlace();
  const names = Array.from({ length: CONTAINERS }, (_, index) => `many-${index}`);

  afterAll(() => {
    place.clear();
    place.remove();
  });

  async function forEach(command: (name: string) => readonly string[]): Promise<void> {
    const waiting = [...names];
    const work = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const child = Bun.spawn([...command(name)], { stdout: "ignore", stderr: "pipe" });
        expect([await child.stderr.text(), await child.exited]).toEqual(["", 0]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  function creation(name: string): string[] {
    const [program = "", , ...words] = place.command([place.image, "sleep", "1000"], name);
    return [program, "create", ...words.filter((word) => word !== "--rm")];
  }

  const statuses = (): string[] =>
    place.outputOf("ps", "-a", "--format", "{{.Names}} {{.Status}}").trimEnd().split("\n");

  function expectAll(status: RegExp): void {
    const all = statuses();
    expect(all.filter((line) => !status.test(line))).toEqual([]);
    expect(all.map((line) => line.split(" ")[0]).toSorted()).toEqual(names.toSorted());
  }

  function timed(what: string, beginMs: number): number {
    const nowMs = performance.now();
    console.log(`${CONTAINERS} containers, ${what}: ${((nowMs - beginMs) / 1000).toFixed(2)} s`);
    return performance.now();
  }

  test(
    "create, start, ps, stop, rm",
    async () => {
      const [program = ""] = place.command([]);
      const { flags } = place;
      let begin = performance.now();
      await forEach(creation);
      begin = timed("create", begin);
      expectAll(/ Created$/);
      begin = timed("ps", begin);
      await forEach((name) => [program, "start", ...flags, name]);
      begin = timed("start", begin);
      expectAll(/ Up /);
      begin = timed("ps", begin);
      place.outputOf("stop", "-t", "0", ...names);
      begin = timed("stop, one command", begin);
      expectAll(/ Exited \(137\) /);
      begin = timed("ps", begin);
      place.outputOf("rm", ...names);
      timed("rm, one command", begin);
      await eventually("nothing to be left", () => place.leftovers().length === 0);
      expect(place.leftovers()).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
