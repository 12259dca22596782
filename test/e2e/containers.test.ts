// Containers that go on without a command that waits for them: run -d, ps, logs, stop and the others.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { deleteContainer } from "../../src/runtime/delete.ts";
import { readProcessStat } from "../../src/sys/process.ts";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot } from "./busybox-image.ts";
import { OCICAT, type Result, RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: containers", () => {
  const place = new RunPlace();
  let root = "";
  let shared = "";

  beforeAll(() => {
    root = place.makeFolder("root");
    makeBusyboxRoot(root);
    shared = place.makeFolder("shared");
  });
  afterEach(async () => {
    call("rm", "-f", "--all");
    await eventually("the holders' end", () => place.leftovers().length === 0);
  });
  afterAll(() => {
    place.remove();
  });

  function call(command: string, ...words: readonly string[]): Result {
    const child = Bun.spawnSync([OCICAT, command, ...place.flags, ...words]);
    return {
      status: child.exitCode,
      stdout: child.stdout.toString(),
      stderr: child.stderr.toString(),
    };
  }

  function output(command: string, ...words: readonly string[]): string {
    const { status, stdout, stderr } = call(command, ...words);
    expect([command, status, stderr]).toEqual([command, 0, ""]);
    return stdout;
  }

  /** Returns its id. */
  function detach(name: string, script: string, ...flags: readonly string[]): string {
    const [program = "", , ...rest] = place.command(
      [...flags, "-v", `${shared}:/shared`, "--rootfs", root, "/bin/sh", "-c", script],
      name,
    );
    const words = rest.filter((word) => word !== "--rm");
    const child = Bun.spawnSync([program, "run", "-d", ...words]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
    return child.stdout.toString().trim();
  }

  /** What a process has open. */
  function linksOf(pid: number): string[] {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(join(folder, fd))];
      } catch {
        // Closed meanwhile.
        return [];
      }
    });
  }

  const status = (name: string): string =>
    output("ps", "-a", "--filter", `name=${name}`, "--format", "{{.Status}}").trim();

  test("run -d prints the id; ps, logs, wait and its exit code follow it to its end", () => {
    const id = detach(
      "job",
      "echo out; echo error >&2; while [ ! -e /shared/go ]; do sleep 0.2; done; exit 3",
    );
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(output("ps", "-q", "--no-trunc")).toBe(`${id}\n`);
    expect(status("job")).toMatch(/^Up /);
    writeFileSync(join(shared, "go"), "");
    expect(output("wait", "job")).toBe("3\n");
    expect(status("job")).toMatch(/^Exited \(3\) /);
    expect(output("ps", "-q")).toBe("");
    const logs = call("logs", "job");
    expect(logs.stdout).toBe("out\n");
    expect(logs.stderr).toContain("error\n");
    expect(output("wait", id.slice(0, 10))).toBe("3\n");
  });

  test("wait stands still: asynchronous I/O would hold up its end", async () => {
    detach("awaited", "sleep 60");
    const child = Bun.spawn([OCICAT, "wait", ...place.flags, "awaited"], { stdout: "pipe" });
    await eventually("its sleep", () => {
      const isConnected = linksOf(child.pid).some((link) => link.startsWith("socket:"));
      return isConnected && readProcessStat(child.pid)?.state === "S";
    });
    expect(readFileSync(`/proc/${child.pid}/maps`, "utf8")).not.toContain("[aio]");
    output("kill", "awaited");
    expect(await child.stdout.text()).toBe("137\n");
  });

  test("logs -f follows through rotation to the end; --tail, --timestamps, --since", async () => {
    const script = "i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done";
    detach("chatty", `cat /shared/start; ${script}`, "--log-opt", "max-size=4k");
    detach("many", script, "--log-opt", "max-size=4k", "--log-opt", "max-file=10");
    output("wait", "many");
    const lines = output("logs", "many").trimEnd().split("\n");
    expect(lines.length).toBe(300);
    expect(output("logs", "--tail", "2", "many")).toBe("line 298\nline 299\n");
    expect(output("logs", "--tail", "1", "-t", "many")).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]{18}Z line 299\n$/,
    );
    expect(output("logs", "--since", "2099-01-01T00:00:00Z", "many")).toBe("");
    const follower = Bun.spawn([OCICAT, "logs", "-f", ...place.flags, "many"], { stdout: "pipe" });
    expect((await new Response(follower.stdout).text()).trimEnd().split("\n")).toEqual(lines);
    output("wait", "chatty");
  });

  test("logs -f shows lines as they come", async () => {
    detach("slow", "echo one; while [ ! -e /shared/second ]; do sleep 0.2; done; echo two");
    const follower = Bun.spawn([OCICAT, "logs", "-f", ...place.flags, "slow"], { stdout: "pipe" });
    const reader = follower.stdout.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("one\n");
    writeFileSync(join(shared, "second"), "");
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("two\n");
    expect((await reader.read()).done).toBe(true);
    expect(await follower.exited).toBe(0);
  });

  test("stop sends TERM and waits; one that does not mind is killed", async () => {
    detach("polite", "trap 'echo bye; exit 7' TERM; touch /shared/polite; sleep 60 & wait");
    detach("deaf", "trap '' TERM; touch /shared/deaf; sleep 60");
    await eventually("both traps", () =>
      ["polite", "deaf"].every((name) => existsSync(join(shared, name))),
    );
    expect(output("stop", "polite")).toBe("polite\n");
    expect(status("polite")).toMatch(/^Exited \(7\) /);
    expect(output("logs", "polite")).toBe("bye\n");
    output("stop", "-t", "0", "deaf");
    expect(status("deaf")).toMatch(/^Exited \(137\) /);
    expect(output("stop", "deaf")).toBe("deaf\n");
  });

  test("start runs it again on the files that it left; restart does both", () => {
    const id = detach("again", "echo run >> /shared/runs; sleep 60");
    expect(output("restart", "-t", "0", "again")).toBe("again\n");
    expect(output("ps", "-q", "--no-trunc")).toBe(`${id}\n`);
    output("stop", "-t", "0", "again");
    output("start", "again");
    output("kill", "again");
    expect(status("again")).toMatch(/^Exited \(137\) /);
  });

  test("create makes it and does not run it", () => {
    const made = call("create", "--name", "later", "--rootfs", root, "/bin/echo", "now");
    expect(made.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(status("later")).toBe("Created");
    expect(call("kill", "later").stderr).toContain("it has not been started");
    const started = call("start", "-a", "later");
    expect([started.status, started.stdout]).toEqual([0, "now\n"]);
  });

  test("attach: input, output and the exit code", async () => {
    detach("talk", "read line; echo got $line; exit 5", "-i");
    const child = Bun.spawn([OCICAT, "attach", ...place.flags, "talk"], {
      stdin: new TextEncoder().encode("hello\n"),
      stdout: "pipe",
    });
    expect(await new Response(child.stdout).text()).toBe("got hello\n");
    expect(await child.exited).toBe(5);
  });

  test("pause and unpause", () => {
    detach("still", "sleep 60");
    output("pause", "still");
    expect(status("still")).toMatch(/\(Paused\)$/);
    const { status: code, stderr } = call("start", "still");
    expect([code, stderr]).toEqual([1, expect.stringContaining("it is paused")]);
    expect(stderr).toContain("`ocicat unpause still` lets it go on");
    output("unpause", "still");
    expect(status("still")).not.toContain("Paused");
  });

  test("rename; names in use, unknown ones and beginnings of ids", () => {
    const id = detach("old", "sleep 60");
    detach("other", "sleep 60");
    output("rename", "old", "new");
    expect(place.idOf("new")).toBe(id);
    expect(call("rename", "new", "other").stderr).toContain("in use by another container");
    expect(call("stop", "old").stderr).toContain("there is none of this name or id");
    expect(call("stop", "old").status).toBe(1);
    expect(output("kill", id.slice(0, 12))).toBe(`${id.slice(0, 12)}\n`);
    const name = output("inspect", "-f", "{{.Name}}", "new").trim();
    expect([name, output("stop", "-t", "0", name)]).toEqual(["/new", "/new\n"]);
  });

  test("rm refuses one that runs, -f kills it", () => {
    detach("busy", "sleep 60");
    const refused = call("rm", "busy");
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining("it is running")]);
    expect(output("rm", "-f", "busy")).toBe("busy\n");
    expect(call("rm", "busy").status).toBe(1);
    expect(output("rm", "-f", "busy")).toBe("");
  });

  test("--rm without a client: removed at its end", async () => {
    const words = place.command(["-d", "--rootfs", root, "/bin/true"], "gone");
    expect(Bun.spawnSync(words).exitCode).toBe(0);
    await eventually("its removal", () => call("ps", "-aq").stdout === "");
  });

  test("--restart: on-failure with a limit; always, until a user stops it", async () => {
    detach("failing", "echo run >> /shared/failing; exit 1", "--restart", "on-failure:2");
    const runs = (name: string): number =>
      existsSync(join(shared, name))
        ? readFileSync(join(shared, name), "utf8").split("\n").length - 1
        : 0;
    await eventually("three runs", () => runs("failing") === 3);
    await eventually("the last end", () => status("failing").startsWith("Exited (1)"));
    detach("always", "echo run >> /shared/always; exit 0", "--restart", "always");
    await eventually("three runs", () => runs("always") >= 3);
    output("stop", "-t", "0", "always");
    const stopped = runs("always");
    await eventually("the end", () => !status("always").startsWith("Up"));
    expect(runs("failing")).toBe(3);
    expect(runs("always")).toBeLessThanOrEqual(stopped + 1);
    const words = place.command(["-d", "--restart", "always", "--rootfs", root, "/bin/true"], "x");
    expect(Bun.spawnSync(words).stderr.toString()).toContain("it does not go with --rm");
  });

  test("start --after-boot: what has a restart policy, and no user stopped", async () => {
    detach("forever", "sleep 60", "--restart", "always");
    detach("unless", "sleep 60", "--restart", "unless-stopped");
    detach("stopped", "sleep 60", "--restart", "unless-stopped");
    detach("once", "sleep 60");
    const guests = ["guest1", "guest2", "guest3", "guest4"];
    for (const name of guests) {
      detach(name, "sleep 60", "--restart", "always", "--network", "container:unless");
    }
    mkdirSync(join(shared, "gone"));
    detach("broken", "sleep 60", "--restart", "always", "-v", `${shared}/gone:/gone`);
    expect(output("start", "--after-boot")).toBe("");
    for (const name of ["forever", "stopped"]) {
      output("stop", "-t", "0", name);
    }
    // As a reboot: the process is gone, nobody was there to see it, and neither is the state.
    for (const name of ["unless", "once", ...guests, "broken"]) {
      await place.killHolder(name);
      deleteContainer({ stateRoot: place.containerState, id: place.idOf(name), force: true });
    }
    place.reap();
    rmSync(join(shared, "gone"), { recursive: true });
    const boot = call("start", "--after-boot");
    expect(boot.stdout.trim().split("\n")).toEqual(["forever", "unless", ...guests]);
    expect(boot.stderr).toMatch(/^ocicat start: broken: mounts\[\d+\]: /);
    expect(status("unless")).toMatch(/^Up /);
    expect(status("once")).toMatch(/^Dead: /);
    expect(status("stopped")).toMatch(/^Exited /);
  });

  test("without a log, logs says so", () => {
    detach("silent", "echo unheard; sleep 60", "--log-driver", "none");
    const { status: code, stderr } = call("logs", "silent");
    expect([code, stderr]).toEqual([1, expect.stringContaining("with --log-driver none")]);
  });

  test("its holder keeps no memory that it does not need", async () => {
    detach("kept", "exec sleep 1000", "-m", "64m");
    const { holderPid } = place.startRecord("kept");
    const memory = () => readFileSync(`/proc/${holderPid}/smaps`, "utf8");
    const kilobytes = () =>
      [...memory().matchAll(/^Pss: +(\d+) kB$/gm)].reduce((sum, [, size]) => sum + Number(size), 0);
    await eventually("that it holds, in less than 60 kB", () => kilobytes() < 60);
    expect(kilobytes()).toBeGreaterThan(0);
    expect(memory()).not.toContain("ocicat-program");
  });

  test("the holder is killed: the process goes on, and nobody pretends to know its end", async () => {
    detach("orphan", "sleep 60");
    await place.killHolder("orphan");
    expect(status("orphan")).toMatch(/^Up /);
    output("stop", "-t", "0", "orphan");
    expect(status("orphan")).toStartWith("Dead: its holder was killed");
    expect(call("wait", "orphan").stderr).toContain("nobody knows how it ended");
    expect(output("inspect", "-f", "{{.State.ExitCode}}", "orphan")).toBe("255\n");
    output("start", "orphan");
    expect(status("orphan")).toMatch(/^Up /);
  });
});
