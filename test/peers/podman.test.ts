// Debian's podman on the runtime under test. Needs root and podman: the peers' lane installs it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../tools/peers/command.ts";
import {
  BUSYBOX_IMAGE,
  busyboxLayout,
  busyboxRoot,
  DEBIAN_IMAGE,
  debianLayout,
  writeImageArchive,
} from "../../tools/peers/images.ts";
import { removePodmanCgroups } from "../../tools/peers/podman-cgroups.ts";
import { eventually } from "./conditions.ts";
import { Engine } from "./engine.ts";
import { engineContract } from "./engine-contract.ts";
import { RUNTIME } from "./runtime-under-test.ts";
import { Workspace } from "./workspace.ts";

/** Prints the messages that reach a datagram socket, until READY=1. */
const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(60)
s.bind(sys.argv[1])
while True:
    message = s.recv(4096).decode()
    print(message)
    if "READY=1" in message:
        break
`;

const isMissing = process.getuid?.() !== 0 || !existsSync("/usr/bin/podman");

describe.skipIf(isMissing)("podman --runtime", () => {
  let workspace: Workspace;
  let engine: Engine;

  beforeAll(async () => {
    workspace = await Workspace.make("podman");
    engine = await makeEngine(workspace);
  }, 120_000);

  afterAll(async () => {
    await engine.call(["rm", "--all", "--force", "--time=0", "--volumes"]);
    await engine.call(["rmi", "--all", "--force"]);
    const leftovers = await workspace.leftovers();
    await workspace.remove();
    removePodmanCgroups();
    expect(leftovers).toEqual([]);
  }, 180_000);

  engineContract(() => engine);

  test("info knows the runtime's version", async () => {
    const version = await engine.must(["info", "--format", "{{.Host.OCIRuntime.Version}}"]);
    expect(version).toMatch(/^\S+ version \S+/);
  });

  test("user namespaces: --uidmap and --gidmap", async () => {
    const maps = ["--uidmap", "0:100000:5000", "--gidmap", "0:200000:5000"];
    const script =
      "cat /proc/self/uid_map /proc/self/gid_map; id -u; touch /tmp/x && stat -c %u /tmp/x";
    const lines = (await engine.output(["sh", "-c", script], maps)).split("\n");
    expect(lines.map((line) => line.trim().split(/\s+/).join(" "))).toEqual([
      "0 100000 5000",
      "0 200000 5000",
      "0",
      "0",
    ]);
  });

  test("--preserve-fds hands descriptors through", async () => {
    await writeFile(engine.path("third"), "through descriptor 3\n");
    const command = [...engine.settings.command, "run", "--rm", ...engine.settings.runFlags];
    const inside = ["--preserve-fds=1", BUSYBOX_IMAGE, "sh", "-c", "cat <&3"];
    const script = ["sh", "-c", 'exec "$@" 3< "$THIRD"', "sh", ...command, ...inside];
    const environment = { ...engine.settings.environment, THIRD: engine.path("third") };
    const result = await run(script, { environment });
    expect(result).toEqual({ code: 0, stdout: "through descriptor 3\n", stderr: "" });
  });

  test("--sdnotify=container: the container's READY=1 reaches the caller's socket", async () => {
    const program = [
      "import os, socket",
      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)",
      "s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])",
    ];
    const socket = engine.path("notify");
    const listener = Bun.spawn(["python3", "-c", LISTEN, socket], { stdout: "pipe" });
    await eventually("the socket", () => existsSync(socket));
    const flags = ["--sdnotify=container"];
    const options = {
      image: DEBIAN_IMAGE,
      environment: { ...engine.settings.environment, NOTIFY_SOCKET: socket },
    };
    const result = await engine.run(["python3", "-c", program.join("\n")], flags, options);
    expect(result).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await new Response(listener.stdout).text()).toContain("READY=1");
  });

  test("--rootfs: a folder instead of an image", async () => {
    const flags = [
      "run",
      "--rm",
      ...engine.settings.runFlags,
      "--rootfs",
      `${await busyboxRoot()}:O`,
    ];
    expect(await engine.must([...flags, "/bin/cat", "/etc/issue"])).toBe("busybox for tests");
  });

  test("a container in a pod", async () => {
    await engine.must(["pod", "create", "--infra=false", "--name", "pod"]);
    const output = await engine.output(["echo", "in a pod"], ["--pod", "pod"]);
    await engine.must(["pod", "rm", "--force", "pod"]);
    expect(output).toBe("in a pod");
  });
});

async function makeEngine(workspace: Workspace): Promise<Engine> {
  const { folder } = workspace;
  const configuration = join(folder, "containers.conf");
  await writeFile(configuration, '[engine]\nevents_logger = "file"\n');
  const engine = new Engine({
    command: [
      "podman",
      `--root=${folder}/podman`,
      `--runroot=${folder}/podman-run`,
      `--tmpdir=${folder}/podman-tmp`,
      "--cgroup-manager=cgroupfs",
      "--events-backend=file",
      "--storage-driver=overlay",
      `--runtime=${RUNTIME}`,
    ],
    environment: { CONTAINERS_CONF: configuration },
    // podman raises limits to what root may usually have; a machine can forbid that.
    runFlags: [
      "--network=none",
      `--cgroup-parent=${workspace.cgroupParent}`,
      "--ulimit=nofile=1024:4096",
      "--ulimit=nproc=1024:4096",
    ],
    folder,
    removeCommand: ["rm", "--force", "--time=0", "--volumes"],
    execCodes: { missing: 127, notExecutable: 126 },
  });
  await load(engine, await busyboxLayout(), BUSYBOX_IMAGE);
  await load(engine, await debianLayout(), DEBIAN_IMAGE);
  return engine;
}

async function load(engine: Engine, layout: string, image: string): Promise<void> {
  const archive = engine.path("image.tar");
  await writeImageArchive(layout, image, archive);
  await engine.must(["load", "--quiet", "--input", archive]);
  await Bun.file(archive).delete();
}
