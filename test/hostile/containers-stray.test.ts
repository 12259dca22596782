// The state folder goes while a container runs, as programs remove it that clear folders of temporary files: the
// process is not forgotten, it can be ended, and the container can be started again.

import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { EnginePlace } from "./engine-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NAME = "stray";

describe.skipIf(NEEDS_ROOT)("as root: a container without its state folder", () => {
  const place = new EnginePlace();
  let pid = 0;

  beforeEach(() => {
    place.outputOf("run -d", ...place.writerWords(NAME).slice(4));
    removeState();
    expect(place.statusOf(NAME)).toStartWith("Dead: its state folder was removed while it ran");
    expect(existsSync(`/proc/${pid}`)).toBe(true);
  });
  afterEach(() => place.expectCleared("a test"));
  afterAll(() => {
    place.remove();
  });

  function removeState(): void {
    pid = Number(place.outputOf("inspect", "-f", "{{.State.Pid}}", NAME));
    expect(pid).toBeGreaterThan(1);
    rmSync(place.state, { recursive: true });
  }

  test("says so to who means it, and what a start would do", () => {
    const { stderr } = place.call("exec", [NAME, "true"]);
    expect(stderr).toContain(
      `was removed while it ran, or is not ${place.state}\nhint: was it started`,
    );
    place.outputOf("stop", NAME);
  });

  test("is stopped by its signal, and its end is known", () => {
    place.outputOf("stop", NAME);
    expect(place.statusOf(NAME)).toStartWith("Exited (7) ");
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(place.expectWholeLog(NAME)).toBeGreaterThan(0);
  });

  test("does not go on beside itself when it is started", () => {
    place.outputOf("start", NAME);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(place.statusOf(NAME)).toStartWith("Up ");
    removeState();
    place.outputOf("restart", NAME);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(place.statusOf(NAME)).toStartWith("Up ");
  });

  test("is removed by force alone", async () => {
    const { status, stderr } = place.call("rm", [NAME]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("it is running")]);
    place.outputOf("rm", "--force", NAME);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await place.expectNothingLeft();
  });
});
