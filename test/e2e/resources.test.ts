// Limits, pause and resume, ps, events: what is done to a container while it runs.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { planCgroup } from "../../src/cgroup/intent.ts";
import { mainDirectory } from "../../src/cgroup/members.ts";
import { eventually } from "../peers/conditions.ts";
import { NEEDS_ROOT, RuntimePlace, type TestContainer } from "./runtime-place.ts";

const place = new RuntimePlace();

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

/** The first of some files of a container's cgroup, of v1 and v2, that is there. */
function limit(container: TestContainer, ...names: readonly string[]): string {
  const cgroup = planCgroup({
    containerId: container.id,
    cgroupsPath: container.spec.linux?.cgroupsPath,
    systemd: false,
    rootless: false,
  });
  const directories =
    cgroup.tree === "v1" ? Object.values(cgroup.paths) : [mainDirectory(cgroup) ?? ""];
  const paths = directories.flatMap((directory) => names.map((name) => join(directory, name)));
  const found = paths.find((path) => existsSync(path));
  return found === undefined ? `none of ${names.join(", ")}` : readFileSync(found, "utf8").trim();
}

const memoryLimit = (container: TestContainer) =>
  limit(container, "memory.max", "memory.limit_in_bytes");
const pidsLimit = (container: TestContainer) => limit(container, "pids.max");

describe.skipIf(NEEDS_ROOT)("limits (as root)", () => {
  test("are set at creation", () => {
    const container = place.container({
      linux: { resources: { memory: { limit: 64 * 1024 * 1024 }, pids: { limit: 30 } } },
    });
    container.create();
    expect(memoryLimit(container)).toBe("67108864");
    expect(pidsLimit(container)).toBe("30");
  });

  test("that the kernel refuses fail create, and leave nothing", () => {
    const container = place.container({ linux: { resources: { cpu: { cpus: "4000" } } } });
    const result = container.create();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("linux.resources.cpu.cpus");
  });

  test("are changed by flags", () => {
    const container = place.container().launch();
    const flags = ["--memory", "32M", "--pids-limit", "20", "--cpu-period", "50000"];
    expect(container.verb("update", [...flags, "--cpu-quota", "25000"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(memoryLimit(container)).toBe("33554432");
    expect(pidsLimit(container)).toBe("20");
    expect(limit(container, "cpu.max", "cpu.cfs_quota_us").split(" ")[0]).toBe("25000");
    // The period stays what it was made.
    expect(container.verb("update", ["--cpu-quota", "10000"]).code).toBe(0);
    expect(["10000 50000", "10000"]).toContain(limit(container, "cpu.max", "cpu.cfs_quota_us"));
    expect(["10000 50000", "50000"]).toContain(limit(container, "cpu.max", "cpu.cfs_period_us"));
    expect(memoryLimit(container)).toBe("33554432");
  });

  test("are changed by a document, from a file or standard input", () => {
    const container = place.container().launch();
    const file = join(place.folder, "resources.json");
    writeFileSync(file, JSON.stringify({ memory: { limit: 50331648 } }));
    expect(container.verb("update", [`--resources=${file}`]).code).toBe(0);
    expect(memoryLimit(container)).toBe("50331648");
    const input = JSON.stringify({ pids: { limit: 11 } });
    expect(container.verb("update", ["--resources", "-"], { input }).code).toBe(0);
    expect(pidsLimit(container)).toBe("11");
    expect(memoryLimit(container)).toBe("50331648");
  });

  test("that are refused half-way stay what they were", () => {
    const container = place
      .container({ linux: { resources: { memory: { limit: 50331648 }, pids: { limit: 30 } } } })
      .launch();
    const flags = ["--memory", "32M", "--pids-limit", "20", "--cpuset-cpus", "4000"];
    const result = container.verb("update", flags);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("linux.resources.cpu.cpus");
    expect(memoryLimit(container)).toBe("50331648");
    expect(pidsLimit(container)).toBe("30");
    expect(container.verb("update", ["--pids-limit", "25"]).code).toBe(0);
    expect(memoryLimit(container)).toBe("50331648");
  });

  test.each([
    [["--memory", "lots"], 'invalid value for memory: "lots"'],
    [["--cpu-quota", "x"], "is not an integer"],
    [["--cpu-period", "5"], "below a millisecond"],
    [["--frob", "1"], "flag provided but not defined: -frob"],
    [["--l3-cache-schema", "L3:0=f"], "the container was created without linux.intelRdt"],
    [["--memory"], "flag needs an argument: -memory"],
  ])("that are wrong are refused: %j", (flags, text) => {
    const container = place.container();
    container.create();
    const words =
      flags.length === 1 ? ["update", container.id, ...flags] : ["update", ...flags, container.id];
    const result = place.call(words);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(text);
  });

  test("hold", () => {
    const container = place.container({
      script: "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done 2>/dev/null; echo enough",
      linux: { resources: { pids: { limit: 4 } } },
    });
    expect(container.run().code).not.toBe(0);
  });
});

describe.skipIf(NEEDS_ROOT)("pause and resume (as root)", () => {
  test("stop the processes and let them go on", async () => {
    const container = place.container().launch();
    expect(container.verb("resume")).toEqual({
      code: 1,
      stdout: "",
      stderr: "container not paused\n",
    });
    expect(container.verb("pause")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(container.status()).toBe("paused");
    expect(container.verb("pause").stderr).toBe("container not running\n");
    expect(container.verb("delete").stderr).toContain("that is not stopped: paused");
    expect(container.verb("resume")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(container.status()).toBe("running");
    place.call(["kill", container.id, "KILL"]);
    await eventually("it has ended", () => container.status() === "stopped");
    expect(container.verb("pause").stderr).toBe("container not running\n");
  });

  test("a container that is only created can be paused, and deleted then", () => {
    const container = place.container();
    container.create();
    expect(container.verb("pause").code).toBe(0);
    expect(container.status()).toBe("paused");
    expect(container.verb("delete", ["--force"]).code).toBe(0);
  });
});

describe.skipIf(NEEDS_ROOT)("ps (as root)", () => {
  test("lists the container's processes, as ps(1) shows them or as JSON", async () => {
    const container = place.container({ script: "sleep 77 & wait" }).launch();
    const pids = (): number[] => JSON.parse(place.must(["ps", "--format", "json", container.id]));
    await eventually("both run", () => pids().length === 2);
    expect(pids()).toContain(container.pid);
    const table = place.must(["ps", container.id]).trim().split("\n");
    expect(table).toHaveLength(3);
    expect(table[0]).toMatch(/^UID +PID +PPID/);
    expect(table.join("\n")).toContain("sleep 77");
    const own = place.must(["ps", container.id, "-o", "pid,args"]).trim().split("\n");
    expect(own[0]?.trim().split(/\s+/)).toEqual(["PID", "COMMAND"]);
    const result = place.call(["ps", container.id, "-o", "args"]);
    expect(result.stderr).toBe("read the output of ps: couldn't find PID field in ps output\n");
  });

  test("of a stopped container is empty", () => {
    const container = place.container({ args: ["true"] });
    container.run(["--keep"]);
    expect(place.must(["ps", container.id]).trim().split("\n")).toHaveLength(1);
    expect(place.must(["ps", "-f", "json", container.id])).toBe("null\n");
  });
});

describe.skipIf(NEEDS_ROOT)("events (as root)", () => {
  test("--stats prints one line in runc's shape", () => {
    const container = place.container().launch();
    const text = place.must(["events", "--stats", container.id]);
    expect(text.trimEnd()).not.toContain("\n");
    expect(JSON.parse(text)).toMatchObject({
      type: "stats",
      id: container.id,
      data: {
        cpu: { usage: { total: expect.any(Number) } },
        memory: { usage: { usage: expect.any(Number) } },
        pids: { current: 1 },
        network_interfaces: null,
      },
    });
  });

  test("come until the container has ended", async () => {
    const container = place.container().launch();
    const child = Bun.spawn(place.command(["events", "--interval", "50ms", container.id]), {
      stdout: "pipe",
    });
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toStartWith(`{"type":"stats","id":"${container.id}"`);
    place.call(["kill", container.id, "KILL"]);
    for (let end = await reader.read(); !end.done; end = await reader.read()) {
      // Whatever else came before it ended.
    }
    expect(await child.exited).toBe(0);
  });

  test("tell of memory's end", async () => {
    const container = place.container({
      script: "while :; do head -c 200000000 /dev/zero | grep x; sleep 0.2; done",
      linux: { resources: { memory: { limit: 20 * 1024 * 1024 } } },
    });
    container.create();
    // On a slow machine numbers would come before it.
    const words = ["events", "--interval", "1h", container.id];
    const child = Bun.spawn(place.command(words), { stdout: "pipe" });
    container.verb("start");
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    expect(new TextDecoder().decode(value)).toStartWith(`{"type":"oom","id":"${container.id}"}\n`);
    child.kill("SIGKILL");
    await child.exited;
  });

  test("of a stopped container are refused", () => {
    const container = place.container({ args: ["true"] });
    container.run(["--keep"]);
    expect(container.verb("events")).toEqual({
      code: 1,
      stdout: "",
      stderr: `container with id ${container.id} is not running\n`,
    });
    expect(container.verb("update", ["--memory", "1G"]).stderr).toBe("container not running\n");
  });
});
