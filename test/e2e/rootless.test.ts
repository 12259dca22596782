// Containers of an ordinary user: without root, a single id or a range that was lent, no cgroup.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IdMapping } from "../../src/oci/mount.ts";
import { eventually } from "../peers/conditions.ts";
import { RUNTIME } from "../peers/runtime-under-test.ts";
import { LENT, OrdinaryUser, USER_ID } from "./ordinary-user.ts";
import { NEEDS_ROOT, RuntimePlace, type TestContainer } from "./runtime-place.ts";

const place = new RuntimePlace();
const user = NEEDS_ROOT ? undefined : new OrdinaryUser(place);
user?.takeOver();
const program = user?.executable(RUNTIME) ?? RUNTIME;
const stateRoot = join(place.folder, "user-state");
const needsPrograms = Bun.which("newuidmap") === null;

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

let calls = 0;

type Ids = "single" | "lent";

function call(ids: Ids, words: readonly string[], input?: string) {
  const prefix = user?.prefix(ids) ?? [];
  calls += 1;
  const output = join(place.folder, `user-stdout-${calls}`);
  const errors = join(place.folder, `user-stderr-${calls}`);
  const child = Bun.spawnSync([...prefix, program, "--root", stateRoot, ...words], {
    stdin: input === undefined ? "ignore" : new TextEncoder().encode(input),
    stdout: Bun.file(output),
    stderr: Bun.file(errors),
  });
  const text = (path: string) => readFileSync(path, "utf8");
  return { code: child.exitCode, stdout: text(output), stderr: text(errors) };
}

/** What `spec --rootless` writes, with another process. */
function bundleFor(ids: Ids, script: string, cgroupsPath?: string): TestContainer {
  const container = place.container();
  mkdirSync(stateRoot, { recursive: true });
  for (const path of [stateRoot, container.bundle]) {
    chmodSync(path, 0o755);
    Bun.spawnSync(["chown", "-R", `${USER_ID}:${USER_ID}`, path]);
  }
  const file = join(container.bundle, "config.json");
  rmSync(file);
  const made = call(ids, ["spec", "--rootless", "--bundle", container.bundle]);
  expect(made).toEqual({ code: 0, stdout: "", stderr: "" });
  const spec = JSON.parse(readFileSync(file, "utf8"));
  const own: IdMapping[] = spec.linux.uidMappings;
  expect(own).toEqual([{ containerID: 0, hostID: USER_ID, size: 1 }]);
  const more = { containerID: 1, hostID: LENT.start, size: LENT.count };
  const maps = ids === "lent" ? [...own, more] : own;
  const linux = { ...spec.linux, uidMappings: maps, gidMappings: maps };
  const names = ["CAP_CHOWN", "CAP_KILL"];
  const process = {
    ...spec.process,
    capabilities: { bounding: names, effective: names, permitted: names },
    terminal: false,
    args: ["sh", "-c", script],
    env: ["PATH=/bin"],
  };
  writeFileSync(
    file,
    JSON.stringify({
      ...spec,
      root: { path: "rootfs" },
      process,
      linux: cgroupsPath === undefined ? linux : { ...linux, cgroupsPath },
    }),
  );
  chownSync(file, USER_ID, USER_ID);
  return container;
}

describe.skipIf(NEEDS_ROOT)("an ordinary user's container (as root)", () => {
  test("runs with a single id, root inside and the user outside", () => {
    const container = bundleFor(
      "single",
      "id -u; id -g; cat /proc/self/uid_map; touch /x; hostname; cat",
    );
    const result = call("single", ["run", "--bundle", container.bundle, container.id], "typed\n");
    expect(result.stderr).toBe("");
    const [uid, gid, map, ...rest] = result.stdout.split("\n");
    expect([uid, gid]).toEqual(["0", "0"]);
    expect(map?.trim().split(/\s+/)).toEqual(["0", String(USER_ID), "1"]);
    expect(rest).toEqual(["ocicat", "typed", ""]);
    expect(result.code).toBe(0);
    const owner = Bun.spawnSync(["stat", "-c", "%u", join(container.root, "x")]);
    expect(owner.stdout.toString().trim()).toBe(String(USER_ID));
  });

  test.skipIf(needsPrograms)("runs with lent ids (needs newuidmap)", () => {
    const container = bundleFor(
      "lent",
      "cat /proc/self/gid_map; touch /y; chown 7:8 /y; stat -c %u:%g /y",
    );
    const result = call("lent", ["run", "--bundle", container.bundle, container.id]);
    expect(result.stderr).toBe("");
    expect(result.stdout.replaceAll(/ +/g, " ")).toBe(
      ` 0 ${USER_ID} 1\n 1 ${LENT.start} ${LENT.count}\n7:8\n`,
    );
    const owner = Bun.spawnSync(["stat", "-c", "%u:%g", join(container.root, "y")]);
    expect(owner.stdout.toString()).toBe(`${LENT.start + 6}:${LENT.start + 7}\n`);
  });

  test("lives and dies as any other", async () => {
    const container = bundleFor("single", "sleep 600");
    const pidFile = join(container.bundle, "pid");
    const create = ["create", "--bundle", container.bundle, "--pid-file", pidFile, container.id];
    expect(call("single", create)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(call("single", ["start", container.id]).stderr).toBe("");
    const status = () => JSON.parse(call("single", ["state", container.id]).stdout).status;
    expect(status()).toBe("running");
    const exec = call("single", ["exec", container.id, "sh", "-c", "id -u; ps -o args; exit 4"]);
    expect(exec).toMatchObject({ code: 4, stderr: "" });
    expect(exec.stdout).toStartWith("0\n");
    expect(exec.stdout).toContain("sleep 600");
    expect(call("single", ["list"]).stdout).toContain(" running ");
    expect(call("single", ["kill", container.id, "KILL"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    await eventually("it has ended", () => status() === "stopped");
    expect(call("single", ["delete", container.id])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("is deleted by force while it runs", () => {
    const container = bundleFor("single", "sleep 600");
    expect(
      call("single", ["run", "--detach", "--bundle", container.bundle, container.id]).stderr,
    ).toBe("");
    expect(call("single", ["delete", "--force", container.id])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect(call("single", ["list", "-q"]).stdout).toBe("");
  });

  test("is refused what only a cgroup could do, and told why", () => {
    const named = bundleFor("single", "true", "/named");
    const result = call("single", ["run", "--bundle", named.bundle, named.id]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("permission denied");
    const running = bundleFor("single", "sleep 600");
    call("single", ["run", "--detach", "--bundle", running.bundle, running.id]);
    const pause = call("single", ["pause", running.id]);
    expect(pause.code).toBe(1);
    expect(pause.stderr).toContain("cgroups not configured for container");
    const update = call("single", ["update", "--memory", "64M", running.id]);
    call("single", ["delete", "--force", running.id]);
    expect(update.code).toBe(1);
  });

  test("has a folder of its own for state, and says when there is none, or it is another's", () => {
    const container = bundleFor("single", "true");
    const words = [program, "run", "--bundle", container.bundle, container.id];
    expect(Bun.spawnSync([...(user?.prefix("single") ?? []), ...words]).exitCode).toBe(0);
    const saying = (...variable: readonly string[]): string => {
      const command = [...(user?.prefix("single") ?? []), "env", ...variable, ...words];
      const result = Bun.spawnSync(command, { stderr: "pipe" });
      expect(result.exitCode).toBe(1);
      return result.stderr.toString();
    };
    expect(saying("-u", "XDG_RUNTIME_DIR")).toContain("XDG_RUNTIME_DIR is not set");
    expect(saying("XDG_RUNTIME_DIR=/tmp")).toContain("or another user's");
  });
});
