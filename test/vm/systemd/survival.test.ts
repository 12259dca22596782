// Containers outlive what started them: a service that ends or is restarted, a user's unit, and the
// program itself, which is replaced while they run.

import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { DIST } from "../../../tools/repository.ts";
import { ContainerPlace } from "../../e2e/container-place.ts";
import { eventually } from "../../peers/conditions.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

/** Writes a line when it is told to end. */
const SERVICE = 'trap "echo ended; exit 7" TERM; echo began; while :; do sleep 0.1; done';

describe.skipIf(!isGuest("systemd"))("a container outlives", () => {
  const place = new ContainerPlace();
  afterEach(async () => {
    place.clear();
    await eventually("nothing is left", () => place.leftovers().length === 0);
  });
  afterAll(() => place.remove());

  /** `ocicat run -d`, as a unit of systemd's starts it. */
  async function startInUnit(unitFlags: readonly string[], program?: string): Promise<string> {
    const name = place.newName();
    const words = place.command([place.image, "/bin/sh", "-c", SERVICE], name, program);
    const [path = "", , ...rest] = words.filter((word) => word !== "--rm");
    const unit = ["systemd-run", "--quiet", ...unitFlags, path, "run", "-d", ...rest];
    const started = await run(unit);
    expect(started).toEqual({ status: 0, stdout: expect.any(String), stderr: "" });
    return name;
  }

  function statusOf(name: string): string {
    return place.outputOf("ps", "-a", "--filter", `name=${name}`, "--format", "{{.Status}}").trim();
  }

  /** It answers, its log is whole, and its exit code is known. */
  function expectWhole(name: string): void {
    expect(statusOf(name)).toStartWith("Up ");
    expect(place.outputOf("exec", name, "echo", "here")).toBe("here\n");
    place.outputOf("stop", name);
    expect(statusOf(name)).toStartWith("Exited (7) ");
    expect(place.outputOf("logs", name)).toBe("began\nended\n");
  }

  test("the service that started it", async () => {
    const name = await startInUnit(["--wait", "--collect"]);
    const scope = `ocicat-holder-${place.idOf(name)}.scope`;
    expect((await run(["systemctl", "is-active", scope])).stdout).toBe("active\n");
    expectWhole(name);
    await eventually("the scope is gone", () => !isLoaded(scope));
  });

  test("a service that is stopped, with everything in its cgroup", async () => {
    const unit = "ocicat-survival.service";
    const name = await startInUnit(["--service-type=oneshot", "--remain-after-exit", `-u${unit}`]);
    expect((await run(["systemctl", "stop", unit])).status).toBe(0);
    expectWhole(name);
  });

  test("the program that started it, when another takes its place", async () => {
    const folder = place.makeFolder("installed");
    const program = install(folder);
    const name = await startInUnit(["--wait", "--collect"], program);
    rmSync(join(folder, "ocicat.bin"));
    expect(install(folder)).toBe(program);
    expectWhole(name);
  });
});

function isLoaded(unit: string): boolean {
  const { stdout } = Bun.spawnSync(["systemctl", "show", "--property=LoadState", unit]);
  return stdout.toString() === "LoadState=loaded\n";
}

/** As `npm run install:to` does: each file is renamed into its place. Returns the program's path. */
function install(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const from of [DIST.program, DIST.stage, ...DIST.launchers]) {
    const to = join(folder, basename(from));
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  }
  return join(folder, "ocicat");
}
