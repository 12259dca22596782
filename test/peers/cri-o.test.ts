// CRI-O on folders of its own, with the runtime under test, driven by crictl as a kubelet would. Needs root and
// what the Go client builds for the peers' lane.
//
// Pods have the host's network and no process of their own: their OOM score would have to be lowered, which a machine
// can forbid to its root.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CommandResult, must, run } from "../../tools/peers/command.ts";
import { criOFolder } from "../../tools/peers/go-programs.ts";
import { BUSYBOX_IMAGE, busyboxLayout, IMAGE_TAG } from "../../tools/peers/images.ts";
import { limitOf } from "./cgroup-files.ts";
import { eventually } from "./conditions.ts";
import { type Daemon, startCriO } from "./daemons.ts";
import { Workspace } from "./workspace.ts";

const PROGRAMS = criOFolder();
const isMissing = process.getuid?.() !== 0 || !existsSync(PROGRAMS);
/** Of the host, and of the container. */
const NAMESPACES = { network: 2, pid: 1 };

interface ContainerSettings {
  readonly command?: readonly string[];
  readonly [name: string]: unknown;
}

describe.skipIf(isMissing)("CRI-O", () => {
  let workspace: Workspace;
  let daemon: Daemon;
  let count = 0;

  beforeAll(async () => {
    workspace = await Workspace.make("cri-o");
    daemon = await startCriO(workspace, PROGRAMS);
    const { folder } = workspace;
    const policy = ["--policy", join(folder, "policy.json")];
    const place = `containers-storage:[overlay@${folder}/crio+${folder}/crio-run]${BUSYBOX_IMAGE}`;
    await must(["skopeo", ...policy, "copy", `oci:${await busyboxLayout()}:${IMAGE_TAG}`, place]);
    await mkdir(join(folder, "pod-logs"));
    await writeFile(join(folder, "crictl.yaml"), "");
  }, 120_000);

  afterAll(async () => {
    await daemon.stop();
    const leftovers = await workspace.leftovers([join(workspace.folder, "crio-state")]);
    await workspace.remove();
    expect(leftovers).toEqual([]);
  }, 180_000);

  function crictl(...words: readonly string[]): Promise<CommandResult> {
    const configuration = join(workspace.folder, "crictl.yaml");
    const place = ["--config", configuration, "--runtime-endpoint", `unix://${daemon.socket}`];
    // Each of its calls may take 2 s otherwise.
    const patience = ["--timeout", "60s"];
    return run([join(PROGRAMS, "crictl"), ...place, ...patience, ...words]);
  }

  async function succeed(...words: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await crictl(...words);
    expect([words, code, stderr]).toEqual([words, 0, ""]);
    return stdout.trim();
  }

  async function writeSettings(name: string, settings: unknown): Promise<string> {
    const path = join(workspace.folder, name);
    await writeFile(path, JSON.stringify(settings));
    return path;
  }

  /** A pod for one container. */
  async function makePod(container: ContainerSettings) {
    count += 1;
    const name = `pod${count}`;
    const pod = await writeSettings(`${name}.json`, {
      metadata: { name, namespace: "default", attempt: 0, uid: name },
      log_directory: join(workspace.folder, "pod-logs"),
      linux: {
        cgroup_parent: workspace.cgroupParent,
        security_context: { namespace_options: NAMESPACES },
      },
    });
    const podId = await succeed("runp", pod);
    const settings = await writeSettings(`${name}-container.json`, {
      metadata: { name: "container" },
      image: { image: BUSYBOX_IMAGE },
      log_path: `${name}.log`,
      linux: { security_context: { namespace_options: NAMESPACES } },
      ...container,
    });
    return {
      create: () => crictl("create", "--no-pull", podId, settings, pod),
      remove: async () => {
        await succeed("stopp", podId);
        await succeed("rmp", "--force", podId);
      },
    };
  }

  /** Started in a pod of its own; both are removed at the end of the scope. */
  async function start(container: ContainerSettings) {
    const { create, remove } = await makePod(container);
    const { code, stdout, stderr } = await create();
    expect([code, stderr]).toEqual([0, ""]);
    const id = stdout.trim();
    await succeed("start", id);
    return {
      id,
      logs: () => crictl("logs", id),
      ended: () =>
        eventually("the end of the container", async () => {
          const { status } = JSON.parse(await succeed("inspect", id));
          return status.state === "CONTAINER_EXITED" ? (status.exitCode as number) : undefined;
        }),
      [Symbol.asyncDispose]: async () => {
        // A pod's end would wait for it as long as its call may take.
        await succeed("stop", "--timeout", "0", id);
        await remove();
      },
    };
  }

  const script = (text: string): ContainerSettings => ({ command: ["/bin/sh", "-c", text] });

  test("a container's output and its exit code", async () => {
    await using container = await start(script("echo out; echo err >&2; exit 37"));
    expect(await container.ended()).toBe(37);
    const { stdout, stderr } = await container.logs();
    expect([stdout, stderr]).toEqual(["out\n", "err\n"]);
  });

  test("exec: by a stream and synchronously, with its exit code", async () => {
    await using container = await start(script("exec sleep 1000"));
    expect(await succeed("exec", container.id, "sh", "-c", "echo streamed; id -u")).toBe(
      "streamed\n0",
    );
    expect(await succeed("exec", "--sync", container.id, "cat", "/proc/1/comm")).toContain("sleep");
    const failed = await crictl("exec", "--sync", container.id, "sh", "-c", "exit 3");
    expect(failed.stderr).toContain("exited with 3");
  });

  test("stop: TERM reaches a handler; what does not heed it is killed", async () => {
    await using polite = await start(script("trap 'exit 5' TERM; echo ready; sleep 1000 & wait"));
    await eventually("the handler", async () => (await polite.logs()).stdout === "ready\n");
    await succeed("stop", "--timeout", "20", polite.id);
    expect(await polite.ended()).toBe(5);
    await using stubborn = await start(script("trap '' TERM; sleep 1000"));
    await succeed("stop", "--timeout", "1", stubborn.id);
    expect(await stubborn.ended()).toBe(137);
  });

  test("limits, also changed ones, and statistics", async () => {
    const resources = { memory_limit_in_bytes: 64 << 20 };
    const container = { ...script("exec sleep 1000") };
    await using running = await start({
      ...container,
      linux: { resources, security_context: { namespace_options: NAMESPACES } },
    });
    const { info } = JSON.parse(await succeed("inspect", running.id));
    expect(limitOf(info.pid, "memory")).toBe(String(64 << 20));
    await succeed("update", "--memory", String(32 << 20), running.id);
    expect(limitOf(info.pid, "memory")).toBe(String(32 << 20));
    const { stats } = JSON.parse(await succeed("stats", "--output", "json", running.id));
    expect(Number(stats[0].memory.workingSetBytes.value)).toBeGreaterThan(0);
  });

  test("user, environment, working directory, read-only root, mounts", async () => {
    const volume = join(workspace.folder, "volume");
    await mkdir(volume, { recursive: true });
    await using container = await start({
      ...script("id -u; echo $GREETING; pwd; touch /x || echo read-only; echo kept > /mnt/file"),
      envs: [{ key: "GREETING", value: "hello" }],
      working_dir: "/tmp",
      mounts: [{ container_path: "/mnt", host_path: volume }],
      linux: {
        security_context: {
          namespace_options: NAMESPACES,
          run_as_user: { value: 0 },
          readonly_rootfs: true,
        },
      },
    });
    expect(await container.ended()).toBe(0);
    expect((await container.logs()).stdout).toBe("0\nhello\n/tmp\nread-only\n");
    expect(await Bun.file(join(volume, "file")).text()).toBe("kept\n");
  });

  test("says why a container is not made, in the runtime's words", async () => {
    const { create, remove } = await makePod({ command: ["/no/such/program"] });
    const { code, stderr } = await create();
    await remove();
    expect(code).not.toBe(0);
    expect(stderr).toContain("/no/such/program");
    expect(stderr).toContain("no such file or directory");
  });

  test("five at the same time", async () => {
    const numbers = [1, 2, 3, 4, 5];
    const codes = await Promise.all(
      numbers.map(async (number) => {
        await using container = await start(script(`exit ${number}`));
        return container.ended();
      }),
    );
    expect(codes).toEqual(numbers);
  });
});
