// top, stats, update and container prune.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: what containers use", () => {
  const place = new ContainerPlace();

  beforeAll(() => {
    const limits = ["--cpus", "0.2", "-m", "64m", "--pids-limit", "10"];
    place.detach("busy", "while :; do :; done", ...limits);
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);

    place.remove();
  });

  test("top: lines of the host's ps", () => {
    const lines = place.outputOf("top", "busy").trimEnd().split("\n");
    expect(lines.length).toBe(2);
    expect(lines[0]).toMatch(/^UID +PID +PPID /);
    expect(lines[1]).toContain("/bin/sh -c while");
    const pid = place.outputOf("inspect", "-f", "{{.State.Pid}}", "busy").trim();
    expect(place.outputOf("top", "busy", "-o", "pid,comm").trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^PID +COMMAND$/),
      expect.stringMatching(new RegExp(`^${pid} `)),
    ]);
    expect(place.call("top", ["busy", "-o", "comm"]).stderr).toContain("couldn't find PID field");
    place.outputOf("create", "--name", "idle", place.image);
    expect(place.call("top", ["idle"]).stderr).toContain("it has not been started");
  });

  test("stats: docker's columns, once", () => {
    const [head, line, ...others] = place.outputOf("stats", "--no-stream").trimEnd().split("\n");
    expect(head?.split(/ {2,}/)).toEqual([
      ...["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O"],
      "PIDS",
    ]);
    expect(line).toMatch(
      /^[0-9a-f]{12} {3}busy +[\d.]+% +[\d.]+[KM]?i?B \/ 64MiB +[\d.]+% +0B \/ 0B +[\d.]+k?M?B \/ [\d.]+k?M?B +1$/,
    );
    expect(others).toEqual([]);
    const cpu = place.outputOf("stats", "--no-stream", "--format", "{{.CPUPerc}}", "busy");
    expect(Number(cpu.trim().replace("%", ""))).toBeGreaterThan(1);
    const all = place.outputOf("stats", "--no-stream", "-a", "--format", "{{.Name}} {{.MemUsage}}");
    expect(all).toContain("idle -- / --\n");
    expect(place.call("stats", ["--no-stream", "nobody"]).status).toBe(1);
  });

  test("stats: again and again", async () => {
    const child = place.start("stats", ["--format", "{{.Name}} {{.PIDs}}", "busy"]);
    const reader = child.stdout.getReader();
    let text = "";
    while (text.length < "busy 1\nbusy 1\n".length) {
      const { value = new Uint8Array(), done } = await reader.read();
      expect(done).toBe(false);
      text += Buffer.from(value).toString();
    }
    expect(text).toStartWith("busy 1\nbusy 1\n");
    child.kill("SIGINT");
    expect(await child.exited).not.toBe(0);
  });

  /** In the tree of cgroup v2, or of the controller in v1. */
  function limitOf(name: string, files: readonly string[]): string {
    const pid = place.outputOf("inspect", "-f", "{{.State.Pid}}", name).trim();
    const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
    const paths = lines.flatMap((line) => {
      const [, controllers = "", path = ""] = line.split(":");
      const trees = [`/sys/fs/cgroup/${controllers}`, "/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
      return trees.flatMap((tree) => files.map((file) => `${tree}${path}/${file}`));
    });
    return readFileSync(paths.find((path) => existsSync(path)) ?? "", "utf8").trim();
  }

  test("update: at once, and when it starts again", () => {
    const memory = () => limitOf("busy", ["memory.max", "memory.limit_in_bytes"]);
    const pids = () => limitOf("busy", ["pids.max"]);
    expect([memory(), pids()]).toEqual([String(64 * 2 ** 20), "10"]);
    expect(place.outputOf("update", "-m", "128m", "--pids-limit", "-1", "busy")).toBe("busy\n");
    expect([memory(), pids()]).toEqual([String(128 * 2 ** 20), "max"]);
    place.outputOf("restart", "-t", "0", "busy");
    expect([memory(), pids()]).toEqual([String(128 * 2 ** 20), "max"]);
    const swap = () =>
      place.outputOf("inspect", "-f", "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}", "busy");
    place.outputOf("update", "--memory-swap", "160m", "busy");
    expect(swap()).toBe(`${128 * 2 ** 20} ${160 * 2 ** 20}\n`);
    expect(place.call("update", ["-m", "192m", "busy"]).stderr).toContain("less than --memory");
    place.outputOf("update", "-m", "192m", "--memory-swap", "-1", "busy");
    expect([memory(), swap()]).toEqual([String(192 * 2 ** 20), `${192 * 2 ** 20} -1\n`]);
    place.outputOf("update", "--cpus", "0.5", "--restart", "on-failure:3", "busy");
    const format =
      "{{.HostConfig.NanoCpus}} {{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}";
    expect(place.outputOf("inspect", "-f", format, "busy")).toBe("500000000 on-failure 3\n");
    place.outputOf("update", "--restart", "no", "busy");
    expect(place.outputOf("inspect", "-f", format, "busy")).toBe("500000000 no 0\n");
    expect(place.call("update", ["busy"]).stderr).toContain("no flag says what is to change");
    expect(place.call("update", ["--cpus", "1", "nobody"]).status).toBe(1);
  });

  test("prune: what does not run, by label and age", () => {
    const words = ["create", "-l", "keep=1", "--name", "kept", place.image];
    place.outputOf(words[0] ?? "", ...words.slice(1));
    expect(place.call("container prune", []).stderr).toContain("standard input is no terminal");
    const none = place.outputOf("container prune", "-f", "--filter", "until=1h");
    expect(none).toBe("Total reclaimed space: 0B\n");
    const idle = place.idOf("idle");
    expect(place.outputOf("container prune", "-f", "--filter", "label!=keep")).toBe(
      `Deleted Containers:\n${idle}\n\nTotal reclaimed space: 0B\n`,
    );
    expect(place.outputOf("ps", "-a", "--format", "{{.Names}}").trim().split("\n").sort()).toEqual([
      "busy",
      "kept",
    ]);
    expect(place.call("container prune", ["-f", "--filter", "size=1"]).stderr).toContain(
      "it is none of until=TIME",
    );
  });
});
