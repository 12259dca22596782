// How processes come into a container's cgroup, and how they leave it.

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isGone } from "../../e2e/run-place.ts";
import { eventually } from "../../peers/conditions.ts";
import {
  cgroupOf,
  DEFAULT_NAMESPACES,
  TestContainer,
  WRITABLE_CGROUP_MOUNTS,
} from "../container.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

/** What systemd or a nested engine does: it moves itself down and spreads the controllers. */
const MOVE_DOWN = [
  "mkdir /sys/fs/cgroup/init",
  "echo 0 > /sys/fs/cgroup/init/cgroup.procs",
  "echo +pids > /sys/fs/cgroup/cgroup.subtree_control",
  "echo moved",
  "exec sleep 600",
].join(" && ");

describe.skipIf(!isGuest("cgroup2"))("membership on cgroup v2", () => {
  test("the cgroup is where the configuration says", async () => {
    await using container = await TestContainer.start();
    expect(container.cgroup).toBe(`/ocicat-test/${container.id}`);
  });

  test("the container sees its cgroup as the root", async () => {
    await using container = await TestContainer.start();
    const result = await container.exec("cat", "/proc/self/cgroup");
    expect(result.stdout).toBe("0::/\n");
    expect(readFileSync(`/sys/fs/cgroup${container.cgroup}/cgroup.procs`, "utf8")).toBe(
      `${container.pid}\n`,
    );
    const mounted = await container.exec("cat", "/sys/fs/cgroup/cgroup.procs");
    expect(mounted.stdout.split("\n")[0]).toBe("1");
  });

  test("init is born in its cgroup: no process is moved there", async () => {
    await using trace = await AttachTrace.start();
    await using container = await TestContainer.start();
    expect(container.status()).resolves.toBe("running");
    // A move that must be seen, so that a silent trace cannot pass.
    await run([
      "sh",
      "-c",
      "mkdir /sys/fs/cgroup/control && echo 0 >/sys/fs/cgroup/control/cgroup.procs",
    ]);
    const moves = trace.read();
    expect(moves.filter((line) => line.includes("/control"))).not.toEqual([]);
    expect(moves.filter((line) => line.includes(container.id))).toEqual([]);
  });

  test("exec joins the container's cgroup", async () => {
    await using container = await TestContainer.start();
    expect(cgroupOf(await container.execDetached("sleep", "600"))).toBe(container.cgroup);
  });

  test("exec follows an init that has moved down, where the kernel allows no other place", async () => {
    await using container = await TestContainer.start({
      args: ["sh", "-c", MOVE_DOWN],
      spec: { mounts: WRITABLE_CGROUP_MOUNTS },
    });
    await eventually("the container's init to move", () => container.output().includes("moved"));
    const result = await container.exec("cat", "/proc/self/cgroup");
    expect(result).toEqual({ status: 0, stdout: "0::/init\n", stderr: "" });
  });

  test("delete --force removes a container with cgroups of its own making", async () => {
    await using container = await TestContainer.start({
      args: ["sh", "-c", MOVE_DOWN],
      spec: { mounts: WRITABLE_CGROUP_MOUNTS },
    });
    await eventually("the container's init to move", () => container.output().includes("moved"));
    await container.must("delete", "--force", container.id);
    expect(existsSync(`/sys/fs/cgroup${container.cgroup}`)).toBe(false);
  });

  test("without a pid namespace, kill KILL reaches every process of the cgroup", async () => {
    await using container = await TestContainer.start({
      args: ["sh", "-c", "sleep 601 & sleep 602 & echo ready; wait"],
      linux: { namespaces: DEFAULT_NAMESPACES.filter(({ type }) => type !== "pid") },
    });
    await eventually("the container's children", () => container.output().includes("ready"));
    const pids = container.limit("cgroup.procs").split("\n");
    expect(pids).toHaveLength(3);
    await container.must("kill", container.id, "KILL");
    await eventually("the cgroup to be empty", () => container.limit("cgroup.procs") === "");
    expect(await container.status()).toBe("stopped");
  });

  test("without a pid namespace, what init leaves behind dies with delete", async () => {
    await using container = await TestContainer.start({
      args: ["sh", "-c", "sleep 601 & echo ready"],
      linux: { namespaces: DEFAULT_NAMESPACES.filter(({ type }) => type !== "pid") },
    });
    await eventually("init to end", async () => (await container.status()) === "stopped");
    const [orphan] = container.limit("cgroup.procs").split("\n").map(Number);
    expect(orphan).toBeGreaterThan(0);
    await container.must("delete", "--force", container.id);
    await eventually("the orphan to be gone", () => !existsSync(`/proc/${orphan}`));
  });

  test("ps lists the processes of the cgroup", async () => {
    await using container = await TestContainer.start();
    const pids: number[] = JSON.parse(await container.must("ps", "--format", "json", container.id));
    expect(pids).toEqual([container.pid]);
  });
});

describe.skipIf(!isGuest("cgroup2"))("freezing on cgroup v2", () => {
  test("pause stops every process and resume lets them go on", async () => {
    await using container = await TestContainer.start();
    await container.must("pause", container.id);
    expect(container.limit("cgroup.events")).toContain("frozen 1");
    expect(await container.status()).toBe("paused");
    await container.must("resume", container.id);
    expect(container.limit("cgroup.events")).toContain("frozen 0");
    expect(await container.status()).toBe("running");
  });

  test("exec into a paused container is refused", async () => {
    await using container = await TestContainer.start();
    await container.must("pause", container.id);
    const result = await container.exec("true");
    expect(result.status).not.toBe(0);
    expect(result.stderr).toContain("paused");
    await container.must("resume", container.id);
  });

  test("a paused container can be killed and deleted", async () => {
    await using container = await TestContainer.start();
    await container.must("pause", container.id);
    await container.must("delete", "--force", container.id);
    // Its parent may not have buried it yet.
    expect(isGone(container.pid)).toBe(true);
  });
});

/** The kernel's own record of processes that change their cgroup. */
class AttachTrace implements AsyncDisposable {
  static readonly #folder = "/sys/kernel/tracing";
  static readonly #event = `${AttachTrace.#folder}/events/cgroup/cgroup_attach_task/enable`;

  static async start(): Promise<AttachTrace> {
    if (!existsSync(AttachTrace.#event)) {
      await run(["mount", "-t", "tracefs", "tracefs", AttachTrace.#folder]);
    }
    writeFileSync(`${AttachTrace.#folder}/trace`, "");
    writeFileSync(AttachTrace.#event, "1");
    return new AttachTrace();
  }

  read(): string[] {
    const lines = readFileSync(`${AttachTrace.#folder}/trace`, "utf8").split("\n");
    return lines.filter((line) => line.includes("cgroup_attach_task:"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    writeFileSync(AttachTrace.#event, "0");
    await run(["rmdir", "/sys/fs/cgroup/control"]);
  }
}
