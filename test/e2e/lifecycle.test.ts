// create, start, state, kill, delete, run, list: the life of a container as runc's callers drive it.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { NEEDS_ROOT, RuntimePlace } from "./runtime-place.ts";

const place = new RuntimePlace();

/** What stands before a cgroup in /proc/PID/cgroup: with cgroup v2 alone, or beside the v1 trees. */
const CGROUP_LINE = existsSync("/sys/fs/cgroup/cgroup.controllers") ? "0::" : ":pids:";

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

describe.skipIf(NEEDS_ROOT)("a container (as root)", () => {
  test("is created, started, killed and deleted", async () => {
    const container = place.container();
    expect(container.create()).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(container.state()).toEqual({
      ociVersion: "1.3.0",
      id: container.id,
      pid: container.pid,
      status: "created",
      bundle: container.bundle,
      rootfs: container.root,
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
      owner: "",
    });
    expect(readFileSync(`/proc/${container.pid}/cgroup`, "utf8")).toContain(
      `${CGROUP_LINE}${place.cgroup}/${container.id}\n`,
    );
    expect(container.verb("start")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(container.status()).toBe("running");
    expect(readFileSync(`/proc/${container.pid}/cmdline`, "utf8")).toBe("sleep\u0000600\u0000");
    expect(container.verb("delete").stderr).toBe(
      `cannot delete container ${container.id} that is not stopped: running\n`,
    );
    expect(place.call(["kill", container.id, "KILL"]).code).toBe(0);
    await eventually("the container has stopped", () => container.status() === "stopped");
    expect(container.state()["pid"]).toBe(0);
    expect(container.verb("delete")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(container.verb("state")).toEqual({
      code: 1,
      stdout: "",
      stderr: "container does not exist\n",
    });
  });

  test("that is only created dies by a delete without --force", () => {
    const container = place.container();
    container.create();
    const { pid } = container;
    expect(container.verb("delete").code).toBe(0);
    // Dead, and a child of ours that waits to be reaped.
    expect(readFileSync(`/proc/${pid}/stat`, "utf8")).toContain(") Z ");
  });

  test("starts once", async () => {
    const container = place.container({ args: ["true"] });
    container.create();
    expect(container.verb("start").code).toBe(0);
    await eventually("it has ended", () => container.status() === "stopped");
    expect(container.verb("start")).toEqual({
      code: 1,
      stdout: "",
      stderr: "cannot start a container that has stopped\n",
    });
    const other = place.container().launch();
    expect(other.verb("start").stderr).toBe("cannot start an already running container\n");
  });

  test("has an id of its own, which a second one cannot take", () => {
    const container = place.container();
    container.create();
    const result = container.create();
    expect(result.code).toBe(1);
    expect(result.stderr).toBe(
      "ocicat-runtime create failed: container with given ID already exists\n",
    );
    expect(container.status()).toBe("created");
    const hostile = place.call(["create", "--bundle", container.bundle, "../x"]);
    expect(hostile.code).toBe(1);
    expect(hostile.stderr).toContain('the container id "../x"');
  });

  test("writes to the caller's streams and reads from them", () => {
    const container = place.container({ script: "cat; echo problem >&2" });
    expect(container.run([], { input: "typed" })).toEqual({
      code: 0,
      stdout: "typed",
      stderr: "problem\n",
    });
  });

  test("keeps its annotations", () => {
    const container = place.container({ spec: { annotations: { "org.example.key": "value" } } });
    container.create();
    expect(container.state()["annotations"]).toEqual({ "org.example.key": "value" });
  });

  test("is found relative to the working directory", () => {
    const container = place.container({ args: ["true"] });
    expect(place.call(["run", container.id], { cwd: container.bundle }).code).toBe(0);
    const words = ["run", "--bundle", `../${container.id}`, container.id];
    expect(place.call(words, { cwd: container.bundle }).code).toBe(0);
  });
});

describe.skipIf(NEEDS_ROOT)("run (as root)", () => {
  test.each([
    ["exit 0", 0],
    ["exit 42", 42],
    ["kill -TERM $$", 143],
    ["kill -SEGV $$", 139],
  ])("ends as its process does: %s", (script, code) => {
    // Process 1 of a pid namespace gets no signal that it does not handle, so its child is killed.
    const shell = code > 128 ? `sh -c '${script}'; exit $?` : script;
    expect(place.container({ script: shell }).run().code).toBe(code);
  });

  test("leaves nothing behind, unless it is told to", () => {
    const container = place.container({ args: ["true"] });
    expect(container.run(["--keep"]).code).toBe(0);
    expect(container.status()).toBe("stopped");
    expect(container.verb("delete").code).toBe(0);
    expect(container.run().code).toBe(0);
    expect(container.verb("state").stderr).toBe("container does not exist\n");
  });

  test("--detach returns while the process goes on", () => {
    const container = place.container();
    expect(container.run(["--detach", "--pid-file", container.pidFile]).code).toBe(0);
    expect(container.status()).toBe("running");
    expect(readFileSync(container.pidFile, "utf8")).toBe(String(container.state()["pid"]));
  });

  test("passes signals on", async () => {
    const container = place.container({
      script:
        "trap 'echo got USR1; exit 5' USR1; trap 'echo got 40; exit 6' 40; echo ready; sleep 600 & wait",
    });
    for (const [signal, code, text] of [
      ["USR1", 5, "got USR1\n"],
      ["40", 6, "got 40\n"],
    ] as const) {
      const child = Bun.spawn(place.command(["run", "--bundle", container.bundle, container.id]), {
        stdout: "pipe",
      });
      const output = child.stdout.getReader();
      expect(new TextDecoder().decode((await output.read()).value)).toBe("ready\n");
      Bun.spawnSync(["kill", `-${signal}`, String(child.pid)]);
      expect(await child.exited).toBe(code);
      expect(new TextDecoder().decode((await output.read()).value)).toBe(text);
    }
  });
});

describe.skipIf(NEEDS_ROOT)("kill (as root)", () => {
  test.each([["TERM"], ["SIGTERM"], ["15"], ["term"]])("knows %s", async (signal) => {
    const container = place.container({
      script: "trap 'echo terminated; exit 0' TERM; echo ready; sleep 600 & wait",
    });
    container.launch();
    await eventually("it is ready", () => container.written().includes("ready"));
    expect(place.call(["kill", container.id, signal]).code).toBe(0);
    await eventually("it has ended", () => container.status() === "stopped");
    expect(container.written()).toBe("ready\nterminated\n");
  });

  test("0 asks whether it runs", async () => {
    const container = place.container().launch();
    expect(place.call(["kill", container.id, "0"]).code).toBe(0);
    place.call(["kill", container.id, "9"]);
    await eventually("it has ended", () => container.status() === "stopped");
    expect(place.call(["kill", container.id, "0"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "container not running\n",
    });
    expect(place.call(["kill", "--all", container.id, "9"]).code).toBe(0);
  });

  test("refuses what is no signal", () => {
    const container = place.container().launch();
    expect(place.call(["kill", container.id, "FOO"])).toEqual({
      code: 1,
      stdout: "",
      stderr: 'unknown signal "FOO"\n',
    });
    expect(place.call(["kill", "nobody", "9"]).stderr).toBe("container does not exist\n");
  });

  test("KILL ends a paused container, and one without a pid namespace with all its processes", async () => {
    const paused = place.container().launch();
    expect(paused.verb("pause").code).toBe(0);
    expect(place.call(["kill", paused.id, "KILL"]).code).toBe(0);
    await eventually("it has ended", () => paused.status() === "stopped");
    const namespaces = paused.spec.linux?.namespaces?.filter(({ type }) => type !== "pid") ?? [];
    const open = place.container({ script: "sleep 600 & sleep 600", linux: { namespaces } });
    open.launch();
    await eventually(
      "it has two",
      () => JSON.parse(place.must(["ps", "-f", "json", open.id])).length >= 2,
    );
    expect(place.call(["kill", open.id, "KILL"]).code).toBe(0);
    await eventually(
      "all have ended",
      () => place.must(["ps", "-f", "json", open.id]) === "null\n",
    );
  });
});

describe.skipIf(NEEDS_ROOT)("list (as root)", () => {
  test("shows all containers, as a table, as JSON, or their ids", () => {
    expect(place.must(["list", "--format", "json"])).toBe("null\n");
    const one = place.container().launch();
    const other = place.container();
    other.create();
    const [header, first, second] = place.must(["list"]).split("\n");
    expect(header?.split(/\s+/)).toEqual(["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER", ""]);
    expect(first).toMatch(
      new RegExp(`^${one.id} +${one.pid} +running +${one.bundle} +20.*Z +root`),
    );
    expect(second).toMatch(new RegExp(`^${other.id} +${other.pid} +created +`));
    expect(JSON.parse(place.must(["list", "-f", "json"]))).toEqual([
      { ...one.state(), owner: "root" },
      { ...other.state(), owner: "root" },
    ]);
    expect(place.must(["list", "-q"])).toBe(`${one.id}\n${other.id}\n`);
  });

  test("needs no folder of state", () => {
    const result = place.call(["list"], { global: ["--root", join(place.folder, "nothing")] });
    expect(result.stdout.trim().split(/\s+/)).toHaveLength(6);
    expect(result.code).toBe(0);
  });
});

describe.skipIf(NEEDS_ROOT)("a configuration that is wrong (as root)", () => {
  test("is refused with every fault, in one record and before anything is made", () => {
    const container = place.container();
    container.write({
      ...container.spec,
      mounts: [{ destination: 7 }],
      process: { ...container.spec.process, cwd: "relative" },
    });
    const log = join(place.folder, "faults.log");
    const global = ["--log", log, "--log-format", "json"];
    const result = container.create([], { global });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("process.cwd: ");
    expect(result.stderr).toContain("mounts[0].destination: ");
    const record = JSON.parse(readFileSync(log, "utf8"));
    expect(record).toEqual({
      level: "error",
      msg: result.stderr.trimEnd(),
      time: expect.any(String),
    });
    expect(place.must(["list", "-q"])).toBe("");
  });

  test("is refused when it is no JSON, empty, or not there", () => {
    const container = place.container();
    for (const text of ["", "{", "[]", "null"]) {
      writeFileSync(join(container.bundle, "config.json"), text);
      const { code, stderr } = container.create();
      expect(code).toBe(1);
      expect(stderr).toStartWith("ocicat-runtime create failed: parse config.json: ");
    }
    const missing = place.call(["create", "--bundle", "/nonexist", "x"]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain("no such file or directory");
  });
});
