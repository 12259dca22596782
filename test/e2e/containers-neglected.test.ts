// What killed commands, damaged disks and a shutdown leave of containers, and how that is put right.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";
import { isGone } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const FOREVER = "exec sleep 1000";

describe.skipIf(NEEDS_ROOT)("as root: neglected containers", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.clear();
    await eventually("nothing to be left", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  const folderOf = (name: string): string => join(place.store, "containers", place.idOf(name));
  const listed = (format = "{{.Names}}"): string => place.outputOf("ps", "-a", "--format", format);

  describe("with --rm", () => {
    function detachBrief(name: string, script: string): void {
      const flags = ["-d", "--rm", "--name", name, "--cgroup-parent", `octest-${process.pid}`];
      place.outputOf("run", ...flags, place.image, "sh", "-c", script);
    }

    /** As a restart has it that was killed between the end and the start. */
    function stopToRestart(name: string, by: object): void {
      detachBrief(name, FOREVER);
      writeFileSync(join(folderOf(name), "again"), JSON.stringify(by));
      place.outputOf("stop", "-t", "0", name);
    }

    const self = () => ({
      pid: process.pid,
      startTime: readFileSync(`/proc/self/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "",
    });

    test("one whose restart goes on stays, one whose restart was killed goes", () => {
      stopToRestart("kept", self());
      expect(listed()).toBe("kept\n");
      place.outputOf("start", "kept");
      place.outputOf("stop", "-t", "0", "kept");
      expect(listed()).toBe("");
      stopToRestart("kept", self());
      writeFileSync(join(folderOf("kept"), "again"), JSON.stringify({ ...self(), startTime: "1" }));
      expect(place.call("inspect", ["kept"]).status).toBe(1);
      expect(listed()).toBe("");
    });

    test("a restart that is killed while it waits for the end: the end takes the container away", async () => {
      detachBrief("slow", "trap '' TERM; while :; do sleep 0.1; done");
      const again = join(folderOf("slow"), "again");
      const restart = place.start("restart", ["-t", "1000", "slow"]);
      await eventually("its note", () => existsSync(again) && readFileSync(again, "utf8") !== "");
      restart.kill("SIGKILL");
      await restart.exited;
      place.outputOf("kill", "slow");
      await eventually("its removal", () => !existsSync(again));
      expect(listed()).toBe("");
    });

    test("one whose holder was killed with it goes with the next command", async () => {
      detachBrief("lost", FOREVER);
      const { holderPid } = place.startRecord("lost");
      const pid = Number(place.outputOf("inspect", "-f", "{{.State.Pid}}", "lost"));
      process.kill(holderPid, "SIGKILL");
      process.kill(pid, "SIGKILL");
      await eventually("their deaths", () => {
        place.reap();
        return !existsSync(`/proc/${pid}`) && !existsSync(`/proc/${holderPid}`);
      });
      expect(listed()).toBe("");
    });
  });

  describe.each([
    ["half of it", (text: string) => text.slice(0, text.length / 2), "it is damaged"],
    ["something else", () => "null", "it is damaged"],
    [
      "that of a later version",
      (text: string) => text.replace('"version":1', '"version":9'),
      "its version 9 is not 1",
    ],
    [
      "more than can be read",
      (text: string) => `${text.slice(0, -1)},"more":"${"x".repeat(5_000_000)}"}`,
      "it is larger than 4194304 bytes",
    ],
  ])("a record of which there is %s", (_, damage, reason) => {
    /** Returns its id. */
    function detachBroken(...flags: readonly string[]): string {
      const id = place.detach("broken", FOREVER, ...flags);
      const record = join(folderOf("broken"), "container.json");
      writeFileSync(record, damage(readFileSync(record, "utf8")));
      return id;
    }

    test("is told of, and removed by force", () => {
      place.detach("sound", FOREVER);
      const id = detachBroken();
      const { status, stdout, stderr } = place.call("ps", ["--format", "{{.Names}}"]);
      expect([status, stdout]).toEqual([0, "sound\n"]);
      expect(stderr).toContain(`container ${id.slice(0, 12)} is not listed`);
      expect(stderr).toContain(reason);
      expect(place.call("inspect", [id]).stderr).toContain(reason);
      const refused = place.call("rm", ["broken"]);
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("rm --force")]);
      const check = place.call("system check", ["--repair"]);
      expect([check.status, check.stdout]).toEqual([1, expect.stringContaining(id)]);
      const taken = place.call("create", ["--name", "broken", place.image, "true"]);
      expect(taken.stderr).toContain("the name is in use");
      expect(place.outputOf("rm", "-f", "broken")).toBe("broken\n");
      expect(place.outputOf("system check")).not.toContain(id);
      expect(listed()).toBe("sound\n");
      place.outputOf("create", "--name", "broken", place.image, "true");
    });

    test("holds up no list, no removal of others, and keeps the volumes that it may have", () => {
      const short = detachBroken("-v", "data:/data").slice(0, 12);
      place.outputOf("volume create", "unused");
      place.outputOf("create", "--name", "over", place.image, "true");
      const volumes = place.call("volume ls", ["-q"]);
      expect([volumes.status, volumes.stdout]).toEqual([0, "data\nunused\n"]);
      expect(volumes.stderr).toContain(`which volumes container ${short} has is not known`);
      expect(volumes.stderr).toContain(reason);
      const usage = place.call("system df", ["--format", "{{.Type}} {{.TotalCount}}"]);
      expect([usage.status, usage.stdout]).toEqual([0, expect.stringContaining("Volumes 2")]);
      expect(place.call("rm", ["--depend", "over"]).status).toBe(0);
      expect(place.call("volume rm", ["unused"]).stderr).toContain(`may be in use by ${short}`);
      place.outputOf("create", "--name", "over", place.image, "true");
      for (const [command, ...words] of [
        ["volume prune", "--all", "--force"],
        ["container prune", "--force"],
        ["system prune", "--all", "--volumes", "--force"],
      ] as const) {
        const { status, stderr } = place.call(command, words);
        expect([command, status, stderr]).toEqual([command, 0, expect.stringContaining(short)]);
      }
      place.onImages("image prune", "--force");
      expect(place.call("ps", ["-a", "-q"]).stdout).toBe("");
      expect(place.outputOf("rm", "-f", "broken")).toBe("broken\n");
      expect(place.outputOf("volume prune", "--all", "--force")).toBe("data\nunused\n");
    });

    test("goes with everything else in a reset", async () => {
      detachBroken("-v", "data:/data");
      place.call("system reset", ["--force"]);
      expect(place.outputOf("system check")).toBe("The store is sound.\n");
      expect(place.outputOf("volume ls", "-q")).toBe("");
      await place.expectNothingLeft();
    });
  });

  test("one that is being started is no prune's", async () => {
    const containers = join(place.store, "containers");
    const run = place.start("run", ["--rm", "--name", "new", place.image, "echo", "started"]);
    // Between its record and its start, as long as nobody looks elsewhere.
    const isMade = (): boolean =>
      existsSync(containers) &&
      readdirSync(containers).some((id) => existsSync(join(containers, id, "container.json")));
    while (!isMade() && !isGone(run.pid)) {
      Bun.sleepSync(0.1);
    }
    run.kill("SIGSTOP");
    const prune = place.start("system prune", ["--force"]);
    const waits = new RegExp(`-> FLOCK .* ${prune.pid} `);
    await eventually("the prune to wait or to end", () => {
      return prune.exitCode !== null || waits.test(readFileSync("/proc/locks", "utf8"));
    });
    run.kill("SIGCONT");
    expect([await run.stdout.text(), await run.exited]).toEqual(["started\n", 0]);
    expect(await prune.exited).toBe(0);
  });

  test("a damaged record of a start is that of a start long ago", () => {
    place.detach("web", FOREVER);
    writeFileSync(join(folderOf("web"), "started.json"), '{"version": 1, "sta');
    expect(listed("{{.Names}} {{.State}}")).toBe("web running\n");
    place.outputOf("rm", "-f", "web");
  });

  test("one whose image is gone is listed, inspected and removed", () => {
    place.outputOf("create", "--name", "bare", place.image, "true");
    const away = place.makeFolder("away");
    const folders = ["images", "blobs"];
    for (const folder of folders) {
      renameSync(join(place.store, folder), join(away, folder));
    }
    expect(listed()).toBe("bare\n");
    place.outputOf("inspect", "bare");
    const { status, stderr } = place.call("start", ["bare"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("no such")]);
    place.outputOf("rm", "bare");
    for (const folder of folders) {
      rmSync(join(place.store, folder), { recursive: true, force: true });
      renameSync(join(away, folder), join(place.store, folder));
    }
  });

  test("at a shutdown all end as they want to, and come back after the boot by their policies", async () => {
    const polite = "trap 'echo asked; exit 0' USR1; echo ready; while :; do sleep 0.02; done";
    for (const policy of ["always", "unless-stopped", "on-failure", "no"]) {
      place.detach(policy, polite, "--restart", policy, "--stop-signal", "USR1");
      await eventually("it to be ready", () => place.outputOf("logs", policy) === "ready\n");
    }
    place.detach("failing", "exit 3", "--restart", "always");
    place.outputOf("pod create", "--name", "pod", "--cgroup-parent", `octest-${process.pid}`);
    place.detach(
      "member",
      FOREVER,
      "--pod",
      "pod",
      "--restart",
      "unless-stopped",
      "--stop-timeout",
      "0",
    );
    const ended = place.outputOf("stop", "--at-shutdown").trim().split("\n");
    expect(ended).toEqual(expect.arrayContaining(["always", "unless-stopped", "no", "member"]));
    expect(place.outputOf("ps", "-q")).toBe("");
    expect(place.outputOf("logs", "always")).toBe("ready\nasked\n");
    expect(place.call("stop", ["--at-shutdown", "always"]).stderr).toContain(
      "does not go with names",
    );
    place.outputOf("start", "--after-boot");
    const running = place.outputOf("ps", "--format", "{{.Names}}").trim().split("\n");
    expect(running.filter((name) => name !== "failing").toSorted()).toEqual(
      ["always", "member", "unless-stopped"].toSorted(),
    );
    await eventually("restarts as ever", () => {
      return JSON.parse(place.outputOf("inspect", "failing"))[0].RestartCount > 0;
    });
    place.outputOf("pod rm", "-f", "pod");
  });
});
