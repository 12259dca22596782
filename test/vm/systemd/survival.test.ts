// Containers outlive what started them: a service that ends or is restarted, a user's unit, and the
// program itself, which is replaced while they run.

import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import packageFile from "../../../package.json" with { type: "json" };
import { DIST, programFiles } from "../../../tools/repository.ts";
import { ContainerPlace } from "../../e2e/container-place.ts";
import { eventually } from "../../peers/conditions.ts";
import { GUEST_TEST_TIMEOUT_MS, isGuest } from "../guest.ts";
import { run } from "../run.ts";

setDefaultTimeout(GUEST_TEST_TIMEOUT_MS);

const VERSION = packageFile.version;
const NEXT_VERSION = VERSION.replace(/.$/, "9");

/** Writes a line when it is told to end. */
const SERVICE = 'trap "echo ended; exit 7" TERM; echo began; sleep 600 & wait';

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
  async function expectWhole(name: string, program?: string): Promise<void> {
    const outputOf = async (command: string, ...words: readonly string[]): Promise<string> => {
      const line = [program ?? place.program, command, ...place.flags, ...words];
      const { status, stdout, stderr } = await run(line);
      expect([command, status, stderr]).toEqual([command, 0, ""]);
      return stdout;
    };
    expect(statusOf(name)).toStartWith("Up ");
    expect(await outputOf("exec", name, "echo", "here")).toBe("here\n");
    await eventually("its trap", async () => (await outputOf("logs", name)) === "began\n");
    await outputOf("stop", name);
    expect(statusOf(name)).toStartWith("Exited (7) ");
    expect(await outputOf("logs", name)).toBe("began\nended\n");
  }

  test("the service that started it", async () => {
    const name = await startInUnit(["--wait", "--collect"]);
    const scopes = `ocicat-holder-${place.idOf(name)}-*.scope`;
    expect((await run(["systemctl", "is-active", scopes])).stdout).toBe("active\n");
    await expectWhole(name);
    await eventually("the scope is gone", () => !isLoaded(scopes));
  });

  test("a service that is stopped, with everything in its cgroup", async () => {
    const unit = "ocicat-survival.service";
    const name = await startInUnit(["--service-type=oneshot", "--remain-after-exit", `-u${unit}`]);
    expect((await run(["systemctl", "stop", unit])).status).toBe(0);
    await expectWhole(name);
  });

  test("the program that started it, when another version takes its place", async () => {
    const folder = place.makeFolder("installed");
    const program = install(folder);
    const name = await startInUnit(["--wait", "--collect"], program);
    rmSync(join(folder, "ocicat.bin"));
    expect(install(folder, NEXT_VERSION)).toBe(program);
    const version = await run([program, "version"]);
    expect(version.stdout).toBe(`ocicat ${NEXT_VERSION}\n`);
    await expectWhole(name, program);
  });
});

function isLoaded(units: string): boolean {
  const { stdout } = Bun.spawnSync(["systemctl", "list-units", "--all", "--no-legend", units]);
  return stdout.toString() !== "";
}

/**
 * As `npm run install:to` does: each file is renamed into its place. Returns the program's path. `version`: what the
 * program is to call itself instead, wherever its own version stands in it.
 */
function install(folder: string, version = VERSION): string {
  mkdirSync(folder, { recursive: true });
  for (const from of programFiles()) {
    const to = join(folder, basename(from));
    copyFileSync(from, `${to}.new`);
    if ([DIST.program, DIST.quick].includes(from) && version !== VERSION) {
      replaceInFile(`${to}.new`, VERSION, version);
    }
    renameSync(`${to}.new`, to);
  }
  return join(folder, "ocicat");
}

/** Both have the same length: no other byte of the program moves. */
function replaceInFile(path: string, before: string, after: string): void {
  const content = readFileSync(path);
  for (let at = content.indexOf(before); at >= 0; at = content.indexOf(before, at + 1)) {
    content.write(after, at);
  }
  writeFileSync(path, content);
}
