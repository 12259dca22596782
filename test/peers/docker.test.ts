// Debian's docker, with a dockerd and a containerd of its own, on the runtime under test. Needs root
// and docker.io: the peers' lane installs it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import {
  BUSYBOX_IMAGE,
  busyboxLayout,
  DEBIAN_IMAGE,
  debianLayout,
  writeImageArchive,
} from "../../tools/peers/images.ts";
import { eventually } from "./conditions.ts";
import { type Daemon, startDockerd } from "./daemons.ts";
import { Engine } from "./engine.ts";
import { engineContract } from "./engine-contract.ts";
import { Workspace } from "./workspace.ts";

const isMissing = process.getuid?.() !== 0 || !existsSync("/usr/sbin/dockerd");

describe.skipIf(isMissing)("dockerd --add-runtime", () => {
  let workspace: Workspace;
  let dockerd: Daemon;
  let engine: Engine;

  beforeAll(async () => {
    workspace = await Workspace.make("docker");
    dockerd = await startDockerd(workspace);
    engine = await makeEngine(workspace, dockerd);
  }, 120_000);

  afterAll(async () => {
    const names = (await engine.must(["ps", "--all", "--quiet"]))
      .split("\n")
      .filter((name) => name !== "");
    await Promise.all(names.map((name) => engine.call(["rm", "--force", "--volumes", name])));
    await dockerd.stop();
    const leftovers = await workspace.leftovers([engine.path("docker-run/runtime-runc/moby")]);
    await workspace.remove();
    expect(leftovers).toEqual([]);
  }, 180_000);

  engineContract(() => engine);

  test("info names the runtime, and it is the default", async () => {
    expect(await engine.must(["info", "--format", "{{.DefaultRuntime}}"])).toBe("tested");
  });

  test("restarts what fails, as often as told", async () => {
    await using container = await engine.start(
      ["sh", "-c", "exit 3"],
      ["--restart", "on-failure:2"],
    );
    expect(await container.wait()).toBe(3);
    expect(await container.inspect("RestartCount")).toBe("2");
  });

  test("learns that a container ran out of memory", async () => {
    const script = "x=$(yes 0123456789 | head -c 60000000); echo survived";
    const flags = ["--memory", "16m", "--memory-swap", "16m"];
    await using container = await engine.start(["sh", "-c", script], flags);
    expect(await container.wait()).toBe(137);
    expect(await container.inspect("State.OOMKilled")).toBe("true");
  });

  test("makes a working directory that is missing", async () => {
    expect(await engine.output(["pwd"], ["--workdir", "/made/up"])).toBe("/made/up");
  });

  test("--init puts docker's init in front", async () => {
    const output = await engine.output(["sh", "-c", "cat /proc/1/comm; echo $$"], ["--init"]);
    const [init, pid] = output.split("\n");
    expect(init).toBe("docker-init");
    expect(Number(pid)).toBeGreaterThan(1);
  });

  test("a health check runs in the container", async () => {
    const flags = ["--health-cmd", "test -e /tmp/healthy", "--health-interval", "200ms"];
    await using container = await engine.start(
      ["sh", "-c", "touch /tmp/healthy; sleep 1000"],
      flags,
    );
    const status = await eventually("the health check", async () => {
      const health = await container.inspect("State.Health.Status");
      return health === "healthy" && health;
    });
    expect(status).toBe("healthy");
  });
});

async function makeEngine(workspace: Workspace, dockerd: Daemon): Promise<Engine> {
  const engine = new Engine({
    command: ["/usr/bin/docker", `--host=unix://${dockerd.socket}`],
    environment: { DOCKER_CONFIG: workspace.folder },
    runFlags: ["--network=none"],
    folder: workspace.folder,
    removeCommand: ["rm", "--force", "--volumes"],
    // Debian's 20.10 has one code for every exec that did not start.
    execCodes: { missing: 126, notExecutable: 126 },
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
