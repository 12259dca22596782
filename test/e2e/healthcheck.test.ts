// Health checks: what probes say, what is done then, and the supervisor that has them done when it is time.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkHealth } from "../../src/engine/health/check-health.ts";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";
import { isGone } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const FOREVER = "exec sleep 1000";

interface HealthReport {
  readonly Status: string;
  readonly FailingStreak: number;
  readonly Log: readonly { readonly ExitCode: number; readonly Output: string }[];
}

describe.skipIf(NEEDS_ROOT)("as root: the health of containers", () => {
  const place = new ContainerPlace();

  afterEach(async () => {
    place.clear();
    // The supervisor is among the processes that are looked for.
    await eventually("the end of everything", () =>
      place.leftovers().every((line) => line.startsWith("staging")),
    );
  });
  afterAll(() => {
    place.remove();
  });

  const shared = () => place.makeFolder("shared");

  /** A container whose check is `command`; /shared is a folder of the test's. */
  function start(name: string, command: string, ...flags: readonly string[]): void {
    const check = ["--health-cmd", command, "-v", `${shared()}:/shared`];
    place.detach(name, FOREVER, ...check, ...flags);
  }

  function healthOf(name: string): HealthReport {
    return JSON.parse(place.outputOf("inspect", "--format", "{{json .State.Health}}", name));
  }

  function untilHealth(name: string, is: (health: HealthReport) => boolean): Promise<HealthReport> {
    return eventually(`the health of ${name}`, () => {
      const health = healthOf(name);
      return is(health) ? health : undefined;
    });
  }

  const statusOf = (name: string, ...flags: readonly string[]) =>
    place.outputOf("ps", ...flags, "--filter", `name=${name}`, "--format", "{{.Status}}").trim();

  function numberOfProbes(name: string): number {
    const folder = join(shared(), name);
    return existsSync(folder) ? readdirSync(folder).length : 0;
  }

  /** A check that leaves a file for each probe. */
  const counting = (name: string) => `mkdir -p /shared/${name}; mktemp /shared/${name}/XXXXXX`;

  const supervisors = (): number[] => place.supervisors();

  /** A child of it that is about to be executed looks like a second one. */
  function oneSupervisor(): Promise<readonly number[]> {
    return eventually("a supervisor", () => {
      const found = supervisors();
      return found.length === 1 ? found : undefined;
    });
  }

  test("from starting to unhealthy to healthy, as the probes say", async () => {
    const times = ["--health-interval=150ms", "--health-retries=2"];
    const waits = "until test -e /shared/asked; do sleep 0.02; done";
    start("web", `${waits}; cat /shared/well || { echo not well; exit 3; }`, ...times);
    expect(healthOf("web").Status).toBe("starting");
    writeFileSync(join(shared(), "asked"), "");
    const ill = await untilHealth("web", ({ Status }) => Status === "unhealthy");
    expect(ill.FailingStreak).toBeGreaterThanOrEqual(2);
    expect(ill.Log.at(-1)).toMatchObject({ ExitCode: 3 });
    expect(ill.Log.at(-1)?.Output).toEndWith("not well\n");
    expect(statusOf("web")).toMatch(/^Up .* \(unhealthy\)$/);
    writeFileSync(join(shared(), "well"), "fine\n");
    const well = await untilHealth("web", ({ Status }) => Status === "healthy");
    expect(well.FailingStreak).toBe(0);
    expect(well.Log.at(-1)).toMatchObject({ ExitCode: 0, Output: "fine\n" });
    expect(statusOf("web")).toMatch(/^Up .* \(healthy\)$/);
    expect(statusOf("web", "--filter", "health=healthy")).not.toBe("");
    expect(statusOf("web", "--filter", "health=unhealthy")).toBe("");
    await untilHealth("web", ({ Log }) => Log.length === 5);
    const events = place.outputOf(
      "events",
      "--since",
      "1h",
      "--until",
      "0s",
      "--format",
      "{{.Action}}",
    );
    const told = events.split("\n").filter((action) => action.startsWith("health_status"));
    expect(told).toEqual(["health_status: unhealthy", "health_status: healthy"]);
    rmSync(join(shared(), "well"));
  });

  test("healthcheck run: one probe, now", () => {
    start("asked", "test -e /shared/good", "--health-interval=disable", "--health-retries=2");
    const run = () => place.call("healthcheck run", ["asked"]);
    expect(supervisors()).toEqual([]);
    expect(run()).toEqual({ status: 1, stdout: "starting\n", stderr: "" });
    expect(run()).toEqual({ status: 1, stdout: "unhealthy\n", stderr: "" });
    writeFileSync(join(shared(), "good"), "");
    expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
    place.outputOf("pause", "asked");
    expect(run()).toMatchObject({ status: 125 });
    expect(run().stderr).toContain('check the health of container "asked": it is paused');
    place.outputOf("unpause", "asked");
    place.outputOf("stop", "-t", "0", "asked");
    expect(run().stderr).toContain("it is not running");
    expect(healthOf("asked").Status).toBe("healthy");
    place.detach("plain", FOREVER);
    const none = place.call("healthcheck run", ["plain"]);
    expect(none).toMatchObject({ status: 125 });
    expect(none.stderr).toContain("it has no health check");
    expect(statusOf("plain", "--filter", "health=none")).toMatch(/^Up [^(]*$/);
  });

  test("one that takes too long is killed with what it started; its output is limited", () => {
    // Long enough for its output, on any machine.
    const slow = "sleep 77777 & yes | head -c 5000; wait";
    start("slow", slow, "--health-interval=disable", "--health-timeout=3s");
    expect(place.call("healthcheck run", ["slow"])).toMatchObject({
      status: 1,
      stdout: "starting\n",
    });
    const [probe] = healthOf("slow").Log;
    expect(probe?.ExitCode).toBe(-1);
    expect(probe?.Output).toStartWith("Health check exceeded timeout (3s): y\ny\n");
    expect(probe?.Output).toEndWith("y\n...");
    expect(probe?.Output.length).toBeLessThan(4200);
    expect(place.outputOf("top", "slow")).not.toContain("77777");
  });

  test("a program that is not there is a failure, which says so", () => {
    start("absent", '["/no/such/program"]', "--health-interval=disable");
    expect(place.call("healthcheck run", ["absent"])).toMatchObject({ status: 1 });
    expect(healthOf("absent").Log[0]).toMatchObject({ ExitCode: -1 });
    expect(healthOf("absent").Log[0]?.Output).toContain("/no/such/program");
  });

  test("the supervisor is one for all, and comes again however often it is killed", async () => {
    for (const name of ["one", "two", "three"]) {
      start(name, counting(name), "--health-interval=100ms");
    }
    for (let round = 0; round < 4; round++) {
      const [pid] = await oneSupervisor();
      // Once somewhere in its beginning, then in the midst of its work.
      const before = round === 0 ? 0 : numberOfProbes("two");
      await eventually("more probes", () => round === 0 || numberOfProbes("two") > before);
      process.kill(pid ?? 0, "SIGKILL");
      await eventually("its end", () => !supervisors().includes(pid ?? 0));
      place.reap();
    }
    for (const name of ["one", "two", "three"]) {
      const before = numberOfProbes(name);
      await eventually("more probes", () => numberOfProbes(name) > before + 1);
      await untilHealth(name, ({ Status }) => Status === "healthy");
    }
    const [pid] = await oneSupervisor();
    expect(place.outputOf("doctor")).toContain(`process ${pid} has the health of 3 checked`);
    const info = place.outputOf("info", "--format", "{{.store.supervisorPid}}");
    expect(info).toBe(`${pid}\n`);
  });

  test("it goes when no container needs it, and comes with the next one", async () => {
    start("first", "true", "--health-interval=100ms");
    await untilHealth("first", ({ Status }) => Status === "healthy");
    place.outputOf("stop", "-t", "0", "first");
    await eventually("its end", () => {
      place.reap();
      return supervisors().length === 0;
    });
    place.outputOf("start", "first");
    const state = JSON.parse(place.outputOf("inspect", "--format", "{{json .State}}", "first"));
    const probes: readonly { readonly Start: string }[] = state.Health.Log;
    const starts = probes.map(({ Start }) => Date.parse(Start));
    expect(starts.filter((start) => start < Date.parse(state.StartedAt))).toEqual([]);
    await untilHealth("first", ({ Status }) => Status === "healthy");
    place.outputOf("restart", "-t", "0", "first");
    await untilHealth("first", ({ Status }) => Status === "healthy");
  });

  test("wait --condition: healthy, unhealthy, and what cannot come any more", async () => {
    start("coming", "test -e /shared/came", "--health-interval=100ms", "--health-retries=1");
    expect(place.outputOf("wait", "--condition", "unhealthy", "coming")).toBe("-1\n");
    const waiting = place.start("wait", ["--condition", "healthy", "coming"]);
    writeFileSync(join(shared(), "came"), "");
    expect(await new Response(waiting.stdout).text()).toBe("-1\n");
    rmSync(join(shared(), "came"));
    expect(place.outputOf("wait", "--condition", "unhealthy,stopped", "coming")).toBe("-1\n");
    const vain = place.start("wait", ["--condition", "healthy", "coming"]);
    const ended = place.start("wait", ["--condition", "exited", "coming"]);
    place.outputOf("stop", "-t", "0", "coming");
    expect(await new Response(ended.stdout).text()).toBe("137\n");
    expect(await vain.exited).toBe(1);
    const late = place.call("wait", ["--condition", "healthy", "coming"]);
    expect(late.stderr).toContain("it has ended with 137");
    place.detach("plain", FOREVER);
    const none = place.call("wait", ["--condition", "healthy", "plain"]);
    expect(none.stderr).toContain("it has no health check");
    expect(place.call("wait", ["--condition", "happy", "plain"]).status).toBe(1);
  });

  test("wait --condition waits for what is about to be started again", async () => {
    const script = `test -e /shared/up || exit 4; ${FOREVER}`;
    const check = ["--health-cmd", "true", "--health-interval=100ms"];
    place.detach("failing", script, "--restart=always", ...check, "-v", `${shared()}:/shared`);
    const waiting = place.start("wait", ["--condition", "healthy", "failing"]);
    const vain = place.start("wait", ["--condition", "unhealthy", "failing"]);
    const restarts = () => JSON.parse(place.outputOf("inspect", "failing"))[0].RestartCount;
    await eventually("some ends", () => restarts() > 2);
    expect([waiting.exitCode, vain.exitCode]).toEqual([null, null]);
    writeFileSync(join(shared(), "up"), "");
    expect(await new Response(waiting.stdout).text()).toBe("-1\n");
    place.outputOf("stop", "-t", "0", "failing");
    expect(await vain.exited).toBe(1);
  });

  test("wait --condition does not wait for what nobody saw end", async () => {
    place.detach("lost", FOREVER);
    const pid = Number(place.outputOf("inspect", "--format", "{{.State.Pid}}", "lost"));
    await place.killHolder("lost");
    process.kill(pid, "SIGKILL");
    await eventually("its end", () => isGone(pid));
    const late = place.call("wait", ["--condition", "running", "lost"]);
    expect(late.stderr).toContain("its holder was killed");
    expect(late.status).toBe(1);
  });

  test("a holder that is killed is followed by another one before anybody asks", async () => {
    start("kept", counting("kept"), "--health-interval=100ms");
    await eventually("a probe", () => numberOfProbes("kept") > 0);
    for (const alsoSupervisor of [false, true]) {
      const { holderPid } = place.startRecord("kept");
      process.kill(holderPid, "SIGKILL");
      for (const pid of alsoSupervisor ? supervisors() : []) {
        process.kill(pid, "SIGKILL");
      }
      // Without its holder and its supervisor it waits for another container's.
      if (alsoSupervisor) {
        start("another", "true");
      }
      const followers = [holderPid, 0];
      await eventually(
        "another holder",
        () => !followers.includes(place.startRecord("kept").holderPid),
      );
    }
    const before = numberOfProbes("kept");
    await eventually("more probes", () => numberOfProbes("kept") > before + 1);
    expect(statusOf("kept")).toMatch(/^Up .* \(healthy\)$/);
  });

  test("probes at the same time in one process each have their own output, and the process keeps its own", async () => {
    const places = { storeRoot: place.store, stateRoot: place.state };
    const streams = () => [0, 1, 2].map((fd) => readlinkSync(`/proc/self/fd/${fd}`));
    const before = streams();
    const names = ["one", "two", "three"];
    for (const name of names) {
      start(name, `echo ${name}; sleep 0.1; echo ${name} >&2`, "--health-interval=disable");
    }
    const probes = Promise.all(names.map((name) => checkHealth(name, places)));
    const seen = new Set<string>();
    let isOver = false;
    const noteEnd = (): void => {
      isOver = true;
    };
    probes.then(noteEnd, noteEnd);
    while (!isOver) {
      seen.add(streams().join());
      await Bun.sleep(1);
    }
    expect((await probes).map(({ isWell }) => isWell)).toEqual([true, true, true]);
    for (const name of names) {
      expect(healthOf(name).Log.at(-1)?.Output).toBe(`${name}\n${name}\n`);
    }
    expect([...seen]).toEqual([before.join()]);
  });

  test("a probe that had to be killed is a failure", () => {
    start("stuck", "true", "--health-interval=disable", "--health-retries=1");
    const overdue = place.call("healthcheck run", ["--overdue", "stuck"]);
    expect(overdue).toEqual({ status: 1, stdout: "unhealthy\n", stderr: "" });
    expect(healthOf("stuck").Log).toMatchObject([
      { ExitCode: -1, Output: "Health check exceeded timeout (30s)" },
    ]);
  });

  test("a paused container is not probed", async () => {
    start("still", counting("still"), "--health-interval=100ms");
    start("other", counting("other"), "--health-interval=100ms");
    await eventually("probes", () => numberOfProbes("still") * numberOfProbes("other") > 0);
    place.outputOf("pause", "still");
    const frozen = numberOfProbes("still");
    const before = numberOfProbes("other");
    await eventually("probes of the other", () => numberOfProbes("other") > before + 3);
    expect(numberOfProbes("still")).toBe(frozen);
    place.outputOf("unpause", "still");
    await eventually("probes again", () => numberOfProbes("still") > frozen);
  });

  test("--health-on-failure: kill, stop, restart", async () => {
    const times = ["--health-interval=100ms", "--health-retries=1", "--stop-timeout=0"];
    const failing = (name: string, action: string) =>
      start(name, "test ! -e /shared/broken", ...times, `--health-on-failure=${action}`);
    for (const action of ["kill", "stop", "restart"]) {
      failing(action, action);
      await untilHealth(action, ({ Status }) => Status === "healthy");
    }
    writeFileSync(join(shared(), "broken"), "");
    await eventually("the killed", () => statusOf("kill", "-a").startsWith("Exited (137)"));
    await eventually("the stopped", () => statusOf("stop", "-a").startsWith("Exited (137)"));
    await eventually(
      "the restarted",
      () => Number(place.outputOf("inspect", "--format", "{{.RestartCount}}", "restart")) > 0,
    );
    rmSync(join(shared(), "broken"));
    const { FailingStreak } = await untilHealth("restart", ({ Status }) => Status === "healthy");
    expect(FailingStreak).toBe(0);
  });

  test("a startup check: before it has succeeded there is no other, and it is what is asked", async () => {
    const startup = ["--health-startup-cmd=test -e /shared/risen", "--health-startup-success=2"];
    const untimed = "--health-startup-interval=disable";
    start("slow", counting("slow"), "--health-interval=100ms", ...startup, untimed);
    const run = () => place.call("healthcheck run", ["slow"]);
    for (let failures = 0; failures < 4; failures++) {
      expect(run()).toEqual({ status: 1, stdout: "starting\n", stderr: "" });
    }
    writeFileSync(join(shared(), "risen"), "");
    expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(statusOf("slow")).toEndWith("(health: starting, not ready)");
    expect([numberOfProbes("slow"), healthOf("slow").Log]).toEqual([0, []]);
    expect(run().status).toBe(0);
    await untilHealth("slow", ({ Status }) => Status === "healthy");
    expect(statusOf("slow")).toEndWith("(healthy, ready)");
    const report = place.outputOf("inspect", "-f", "{{json .Config.StartupHealthCheck}}", "slow");
    expect(JSON.parse(report)).toMatchObject({ Retries: 0, Successes: 2, Interval: 30e9 });
    const none = place.call("healthcheck run", ["--probe", "readiness", "slow"]);
    expect(none.stderr).toContain("it has no readiness probe");
    rmSync(join(shared(), "risen"));
    const timed = ["--health-startup-interval=100ms", "--health-startup-retries=2"];
    start("down", "true", ...startup, ...timed, "--stop-timeout=0");
    const restarts = () => Number(place.outputOf("inspect", "-f", "{{.RestartCount}}", "down"));
    await eventually("a restart", () => restarts() > 0);
    expect(healthOf("down").Log).toEqual([]);
  });

  test("an image's check, which flags change or switch off", async () => {
    place.detach("base", FOREVER);
    const change = 'HEALTHCHECK --interval=100ms --retries=9 CMD ["true"]';
    place.outputOf("commit", "-q", "-c", change, "base", "checked:1");
    const image = JSON.parse(
      place.outputOf("inspect", "--format", "{{json .Config.Healthcheck}}", "checked:1"),
    );
    expect(image).toEqual({ Test: ["CMD", "true"], Interval: 100_000_000, Retries: 9 });
    const run = (...words: readonly string[]) =>
      place.outputOf("run", "-d", "--cgroup-parent", `octest-${process.pid}`, ...words);
    run("--name", "derived", "--health-timeout=5s", "checked:1");
    run("--name", "without", "--no-healthcheck", "checked:1");
    const config = place.outputOf("inspect", "--format", "{{json .Config.Healthcheck}}", "derived");
    expect(JSON.parse(config)).toMatchObject({ Test: ["CMD", "true"], Timeout: 5e9, Retries: 9 });
    await untilHealth("derived", ({ Status }) => Status === "healthy");
    expect(place.call("healthcheck run", ["without"]).status).toBe(125);
    const archive = join(place.folder, "checked.tar");
    place.onImages("save", "-q", "--format", "docker-archive", "-o", archive, "checked:1");
    place.outputOf("rm", "-f", "derived", "without");
    place.onImages("rmi", "checked:1");
    place.onImages("load", "-q", "-i", archive);
    const loaded = place.outputOf("inspect", "--format", "{{.Config.Healthcheck}}", "checked:1");
    expect(loaded).toContain("true");
  });

  test("times without a check are warned of", () => {
    const made = place.call("create", ["--health-interval=5s", place.image, "true"]);
    expect(made.status).toBe(0);
    expect(made.stderr).toContain("there is no health check to time: --health-cmd says");
  });
});
