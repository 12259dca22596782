// docker with this runtime as its users have it: cgroup v2, and systemd's scopes, which docker takes there by itself.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeBusyboxRoot } from "../../e2e/busybox-image.ts";
import { eventually } from "../../peers/conditions.ts";
import { RUNTIME } from "../../peers/runtime-under-test.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const FOLDER = "/srv/docker-test";
const IMAGE = "test.example/box:1";
const MIB = 1024 * 1024;

describe.skipIf(!isGuest("systemd"))("docker, on cgroup v2 with systemd", () => {
  let dockerd: Bun.Subprocess;

  beforeAll(async () => {
    mkdirSync(FOLDER, { recursive: true });
    const settings = { runtimes: { tested: { path: RUNTIME } }, "default-runtime": "tested" };
    await Bun.write(`${FOLDER}/daemon.json`, JSON.stringify(settings));
    const places = [`--config-file=${FOLDER}/daemon.json`, `--data-root=${FOLDER}/data`];
    const network = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false"];
    dockerd = Bun.spawn(["dockerd", ...places, ...network], {
      stdio: ["ignore", Bun.file(`${FOLDER}/log`), Bun.file(`${FOLDER}/log`)],
    });
    await eventually("docker to answer", async () => (await docker("version")).status === 0);
    makeBusyboxRoot(`${FOLDER}/root`);
    const script = `tar -C ${FOLDER}/root -c . | docker import - ${IMAGE}`;
    expect((await run(["sh", "-c", script])).status).toBe(0);
  });
  afterAll(async () => {
    dockerd.kill("SIGTERM");
    await dockerd.exited;
    rmSync(FOLDER, { recursive: true, force: true });
  });

  const docker = (...words: readonly string[]) => run(["docker", ...words]);

  async function output(...words: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await docker(...words);
    expect([words[0], status, stderr]).toEqual([words[0], 0, ""]);
    return stdout.trim();
  }

  const runToEnd = (...words: readonly string[]) =>
    docker("run", "--rm", "--network=none", ...words);

  test("the host is one with scopes on cgroup v2", async () => {
    const format = "{{.CgroupDriver}} {{.CgroupVersion}} {{.DefaultRuntime}}";
    expect(await output("info", "--format", format)).toBe("systemd 2 tested");
  });

  test("runs to the end, with the program's output and exit code", async () => {
    expect(await runToEnd(IMAGE, "echo", "hello")).toMatchObject({ status: 0, stdout: "hello\n" });
    expect((await runToEnd(IMAGE, "sh", "-c", "exit 7")).status).toBe(7);
    expect((await runToEnd(IMAGE, "no-such-program")).status).toBe(127);
    const closed = await runToEnd("-u", "1000", "--read-only", "--tmpfs", "/x", IMAGE, "id", "-u");
    expect(closed).toMatchObject({ status: 0, stdout: "1000\n" });
  });

  test("a detached one is a scope with its limits, entered, paused, changed, restarted and removed", async () => {
    const limits = ["-m", "64m", "--pids-limit", "50"];
    const words = ["--name", "web", "--network=none", ...limits, IMAGE];
    const id = await output("run", "-d", ...words, "sh", "-c", "echo up; exec sleep 1000");
    const scope = `docker-${id}.scope`;
    const cgroup = `/sys/fs/cgroup/system.slice/${scope}`;
    const read = (file: string) => readFileSync(join(cgroup, file), "utf8").trim();
    expect([read("memory.max"), read("pids.max")]).toEqual([`${64 * MIB}`, "50"]);
    const shown = await run(["systemctl", "show", scope, "--property=MemoryMax"]);
    expect(shown.stdout).toBe(`MemoryMax=${64 * MIB}\n`);
    expect(await output("exec", "web", "id", "-u")).toBe("0");
    expect((await docker("exec", "web", "sh", "-c", "exit 9")).status).toBe(9);
    expect(await output("logs", "web")).toBe("up");
    expect(await output("stats", "--no-stream", "--format", "{{.PIDs}}", "web")).toBe("1");
    await output("pause", "web");
    expect(read("cgroup.events")).toContain("frozen 1");
    await output("unpause", "web");
    await output("update", "-m", "32m", "--memory-swap", "64m", "web");
    expect(read("memory.max")).toBe(`${32 * MIB}`);
    await output("restart", "-t", "0", "web");
    expect(await output("inspect", "--format", "{{.State.Status}}", "web")).toBe("running");
    await output("kill", "web");
    expect(await output("wait", "web")).toBe("137");
    await output("rm", "web");
    expect(existsSync(cgroup)).toBe(false);
  });
});
