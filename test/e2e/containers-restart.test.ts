// A container that its restart policy starts again and again: what is shown of it meanwhile, and that nobody
// has to wait for it.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { readTextFileIfExists } from "../../src/sys/file.ts";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";
import { isGone } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: a container that waits to be started again", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.clear();
    await eventually("nothing to be left", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  const statusOf = (): string => place.outputOf("ps", "-a", "--format", "{{.State}} {{.Status}}");

  function startFailing(): void {
    place.detach("failing", "exit 3", "--restart", "always");
  }

  const restartCount = (): number =>
    JSON.parse(place.outputOf("inspect", "failing"))[0].RestartCount;

  /** Of the process that waits, once it does. */
  async function untilRestarting(): Promise<number> {
    const record = join(place.state, ".attach", `${place.idOf("failing")}.restart`);
    return await eventually("it to wait", () => {
      const waits = statusOf().startsWith("restarting Restarting (3) ");
      const text = readTextFileIfExists(record);
      return waits && text !== undefined && JSON.parse(text).waiterPid;
    });
  }

  test("is shown as restarting, and runs no commands", async () => {
    startFailing();
    const report = await eventually("the report of one that waits", () => {
      const [{ State: state, RestartCount: count }] = JSON.parse(
        place.outputOf("inspect", "failing"),
      );
      return state.ExitCode === 3 && state.Restarting === true && count > 0 && state;
    });
    expect(report).toMatchObject({
      Status: "restarting",
      Running: true,
      Restarting: true,
      Dead: false,
      Pid: 0,
      ExitCode: 3,
    });
    expect(place.outputOf("ps", "--filter", "status=restarting", "--format", "{{.Names}}")).toMatch(
      /^(failing\n)?$/,
    );
  });

  test("cannot be started again: its end stays known, with the reason, and the next look tries again", async () => {
    const folder = place.makeFolder("volume");
    place.detach("failing", "exec sleep 1000", "--restart", "always", "-v", `${folder}:/volume`);
    rmdirSync(folder);
    const [{ State: before }] = JSON.parse(place.outputOf("inspect", "failing"));
    process.kill(before.Pid, "SIGKILL");
    const after = await eventually("the failure", () => {
      place.reap();
      const [{ State: state }] = JSON.parse(place.outputOf("inspect", "failing"));
      return state.Error.startsWith("mounts[") && state;
    });
    expect(after).toMatchObject({ ExitCode: 137, StartedAt: before.StartedAt });
    expect(after.Error).toContain(`"${folder}"`);
    mkdirSync(folder);
    await eventually("its start", () => {
      place.reap();
      return statusOf().startsWith("running");
    });
    expect(place.outputOf("inspect", "-f", "{{.State.Error}}", "failing")).toBe("\n");
  });

  test("is stopped at once, and whoever waits with it", async () => {
    startFailing();
    const waiterPid = await untilRestarting();
    place.outputOf("stop", "failing");
    expect(statusOf()).toStartWith("exited Exited (3) ");
    // It is killed under the container's lock: it starts nothing, but may take a moment to go.
    await eventually("its end", () => isGone(waiterPid));
    expect(statusOf()).toStartWith("exited Exited (3) ");
  });

  test("is started again, too, when whoever waits is killed", async () => {
    startFailing();
    // Then it waits for more than a second.
    await eventually("some starts", () => restartCount() > 3);
    const waiterPid = await untilRestarting();
    const count = restartCount();
    process.kill(waiterPid, "SIGKILL");
    await eventually("another start", () => {
      place.reap();
      return restartCount() > count;
    });
    expect(isGone(waiterPid)).toBe(true);
  });

  test("is not removed without --force, and at once with it", async () => {
    startFailing();
    await untilRestarting();
    const refused = place.call("rm", ["failing"]);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/is (restarting|running)/),
    ]);
    place.outputOf("rm", "-f", "failing");
    expect(statusOf()).toBe("");
  });
});
