// A holder is the last one that the kernel ends for want of memory, where its caller may ask for that. What it
// holds, executes and starts has the score that it would have without a holder.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

const scoreOf = (pid: number | "self"): number =>
  Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));

/** Root without CAP_SYS_RESOURCE may not, as on a machine that is a container itself. */
const MAY_LOWER =
  Bun.spawnSync(["sh", "-c", "echo -999 > /proc/self/oom_score_adj"], { stderr: "ignore" })
    .exitCode === 0;
const OWN = scoreOf("self");
const SPARED = MAY_LOWER ? -999 : OWN;

describe.skipIf(NEEDS_ROOT)("as root: scores for the kernel's choice when memory is short", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.clear();
    await eventually("nothing to be left", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  const holderOf = (name: string): number => place.startRecord(name).holderPid;
  const restarts = (): number => JSON.parse(place.outputOf("inspect", "again"))[0].RestartCount;

  test("the holder's is the lowest, that of the container its caller's", () => {
    place.detach("web", "exec sleep 1000");
    expect(scoreOf(holderOf("web"))).toBe(SPARED);
    expect(place.outputOf("exec", "web", "cat", "/proc/1/oom_score_adj")).toBe(`${OWN}\n`);
    expect(place.outputOf("exec", "web", "cat", "/proc/self/oom_score_adj")).toBe(`${OWN}\n`);
  });

  test("--oom-score-adj is the container's alone", () => {
    place.detach("web", "exec sleep 1000", "--oom-score-adj", "321");
    expect(scoreOf(holderOf("web"))).toBe(SPARED);
    expect(place.outputOf("exec", "web", "cat", "/proc/1/oom_score_adj")).toBe("321\n");
  });

  test("the holder that follows a killed one has it, too", async () => {
    place.detach("web", "exec sleep 1000");
    const killed = await place.killHolder("web");
    place.outputOf("ps");
    expect(holderOf("web")).not.toBe(killed);
    expect(scoreOf(holderOf("web"))).toBe(SPARED);
  });

  test("a container that its holder starts again has the one that it began with", async () => {
    place.detach("again", "cat /proc/self/oom_score_adj; exit 1", "--restart", "on-failure:2");
    await eventually("the last start", () => restarts() === 2);
    await eventually("its end", () => place.outputOf("ps", "-aq", "-f", "status=exited") !== "");
    expect(place.outputOf("logs", "again")).toBe(`${OWN}\n`.repeat(3));
  });

  test("and its next holder is spared again", async () => {
    place.detach(
      "again",
      "test -e /shared/up && exec sleep 1000",
      "--restart=always",
      "-v",
      shared(),
    );
    await eventually("an end", () => restarts() > 0);
    writeFileSync(join(place.folder, "shared", "up"), "");
    await eventually(
      "it to go on",
      () => place.outputOf("ps", "-q", "-f", "status=running") !== "",
    );
    const holder = await eventually("its holder to be known", () => holderOf("again") || undefined);
    expect(scoreOf(holder)).toBe(SPARED);
  });

  test("a supervisor has its caller's", async () => {
    place.detach("checked", "exec sleep 1000", "--health-cmd", "true");
    const [supervisor = 0] = await eventually("a supervisor", () => {
      const pids = place.supervisors();
      return pids.length > 0 && pids;
    });
    await eventually("it to have begun", () => scoreOf(supervisor) === OWN);
    expect(scoreOf(holderOf("checked"))).toBe(SPARED);
  });

  const shared = (): string => `${place.makeFolder("shared")}:/shared`;
});
