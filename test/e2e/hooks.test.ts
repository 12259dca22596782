// Hooks: their order, what they are given, what becomes of a container when one fails.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hook, HookName, Hooks } from "../../src/oci/hooks.ts";
import { eventually } from "../peers/conditions.ts";
import { NEEDS_ROOT, RuntimePlace, type TestContainer } from "./runtime-place.ts";

const place = new RuntimePlace();
const log = join(place.folder, "hooks.log");

afterEach(() => {
  expect(place.close()).toEqual([]);
  rmSync(log, { force: true });
});

afterAll(() => place.remove());

const ALL: readonly HookName[] = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
];

/** Writes a line with its name, the status it was told and where it runs. */
function hook(name: string, more = ""): Hook {
  const script = `state=$(cat); echo "${name} $(echo "$state" | sed 's/.*"status":"\\([a-z]*\\)".*/\\1/') $X" >> ${log}; ${more}`;
  return { path: "/bin/sh", args: ["sh", "-c", script], env: ["X=y", "PATH=/bin:/usr/bin"] };
}

/** Inside the container's root there is but one file that the test can read. */
function insideHook(name: string, more = ""): Hook {
  const script = `cat > /state-${name}; echo "${name} $X" >> /inside.log; ${more}`;
  return { path: "/bin/sh", args: ["sh", "-c", script], env: ["X=y", "PATH=/bin"] };
}

function allHooks(): Hooks {
  return {
    prestart: [hook("prestart")],
    createRuntime: [hook("createRuntime"), hook("createRuntime2")],
    createContainer: [hook("createContainer")],
    startContainer: [insideHook("startContainer")],
    poststart: [hook("poststart")],
    poststop: [hook("poststop")],
  };
}

function lines(): string[] {
  return existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : [];
}

function insideLines(container: TestContainer): string {
  return readFileSync(join(container.root, "inside.log"), "utf8");
}

describe.skipIf(NEEDS_ROOT)("hooks (as root)", () => {
  test("run in their order, with the state and their own environment", async () => {
    const container = place.container({
      script: "echo process y >> /inside.log",
      hooks: allHooks(),
    });
    expect(container.create().code).toBe(0);
    const created = [
      "prestart creating y",
      "createRuntime creating y",
      "createRuntime2 creating y",
      "createContainer creating y",
    ];
    expect(lines()).toEqual(created);
    expect(container.verb("start").code).toBe(0);
    await eventually("it has ended", () => container.status() === "stopped");
    expect(insideLines(container)).toBe("startContainer y\nprocess y\n");
    expect(lines()).toEqual([...created, "poststart running y"]);
    const state = JSON.parse(readFileSync(join(container.root, "state-startContainer"), "utf8"));
    expect(state).toMatchObject({ id: container.id, bundle: container.bundle, status: "created" });
    container.verb("delete");
    expect(lines().at(-1)).toBe("poststop stopped y");
  });

  test("in the foreground run too", () => {
    const container = place.container({ args: ["true"], hooks: allHooks() });
    expect(container.run().code).toBe(0);
    expect(lines().map((line) => line.split(" ")[0])).toEqual([
      "prestart",
      "createRuntime",
      "createRuntime2",
      "createContainer",
      "poststart",
      "poststop",
    ]);
  });

  test("createContainer sees the container's mounts and namespaces before its root is entered", () => {
    const script = `cat >/dev/null; readlink /proc/self/ns/mnt > ${log}; grep -c ${place.folder} /proc/self/mountinfo >> ${log}`;
    const container = place.container({
      hooks: { createContainer: [{ path: "/bin/sh", args: ["sh", "-c", script] }] },
    });
    expect(container.create().code).toBe(0);
    const [namespace = "", mounts = ""] = lines();
    expect(namespace).toBe(
      Bun.spawnSync(["readlink", `/proc/${container.pid}/ns/mnt`])
        .stdout.toString()
        .trim(),
    );
    expect(Number(mounts)).toBeGreaterThan(0);
  });

  test.each(["prestart", "createRuntime", "createContainer"] as const)(
    "that fail at %s fail create, and leave nothing",
    (name) => {
      const failing = { [name]: [hook(name, "echo because >&2; exit 9"), hook("never")] };
      const container = place.container({ hooks: { ...failing, poststop: [hook("poststop")] } });
      const result = container.create();
      expect(result.code).toBe(1);
      expect(result.stderr).toContain(`hooks.${name}[0]`);
      expect(lines()).not.toContain("never creating y");
      expect(container.verb("state").code).toBe(1);
    },
  );

  test("that fail at startContainer fail start", () => {
    const container = place.container({
      hooks: { startContainer: [insideHook("startContainer", "exit 9")] },
    });
    container.create();
    const result = container.verb("start");
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("hooks.startContainer[0]");
  });

  test("that fail at poststart fail start, and stop the container", async () => {
    const container = place.container({ hooks: { poststart: [hook("poststart", "exit 9")] } });
    container.create();
    const result = container.verb("start");
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("hooks.poststart[0]");
    await eventually("it has ended", () => container.status() === "stopped");
  });

  test("that fail at poststop do not keep a container from being deleted", () => {
    const container = place.container({
      args: ["true"],
      hooks: { poststop: [hook("poststop", "exit 9"), hook("second")] },
    });
    expect(container.run().code).toBe(0);
    expect(lines()).toEqual(["poststop stopped y", "second stopped y"]);
  });

  test("may ask the runtime about their own container, and end it", async () => {
    const ask = (status: string, words: readonly string[]) =>
      hook(status, `${place.command(words).join(" ")} >> ${log}`);
    const container = place.container();
    const state = ["state", container.id];
    container.write({
      ...container.spec,
      hooks: {
        createRuntime: [ask("createRuntime", state)],
        poststart: [ask("poststart", state), ask("kill", ["kill", container.id, "KILL"])],
      },
    });
    expect(container.create()).toMatchObject({ code: 0, stderr: "" });
    expect(lines().join("\n")).toContain('"status": "creating"');
    expect(container.verb("start")).toMatchObject({ code: 0, stderr: "" });
    expect(lines().join("\n")).toContain('"status": "running"');
    await eventually("it has ended", () => container.status() === "stopped");
  });

  test("that take too long are ended", () => {
    const slow = { path: "/bin/sleep", args: ["sleep", "600"], timeout: 1 };
    const container = place.container({ hooks: { createRuntime: [slow] } });
    const result = container.create();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("within 1 s");
    const inside = place.container({ hooks: { createContainer: [slow] } });
    expect(inside.create().code).toBe(1);
  });

  test("that are no programs are named", () => {
    const container = place.container({ hooks: { createRuntime: [{ path: "/nosuch" }] } });
    const result = container.create();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('"/nosuch"');
    expect(result.stderr).toContain("no such file or directory");
  });

  test("read nothing of the standard input of the caller, and keep none of its descriptors", () => {
    const file = join(place.folder, "input");
    writeFileSync(file, "line\n");
    const script = `cat > /dev/null; ls /proc/self/fd | wc -l > ${log}`;
    const container = place.container({
      args: ["cat"],
      hooks: { createRuntime: [{ path: "/bin/sh", args: ["sh", "-c", script] }] },
    });
    expect(container.run([], { input: "typed" }).stdout).toBe("typed");
    expect(lines()).toEqual(["4"]);
  });

  test("know every name", () => {
    expect(Object.keys(allHooks())).toEqual([...ALL]);
  });
});
