// explain: what would make a container, without making any of it.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import { encodeProgram } from "../../src/program/encode.ts";
import { explainCreate } from "../../src/runtime/explain.ts";
import { DIST } from "../../tools/repository.ts";
import { NEEDS_ROOT, RuntimePlace } from "./runtime-place.ts";

const OCICAT = process.env["OCICAT_TEST_PROGRAM"] ?? DIST.launchers[0];
const place = new RuntimePlace();

afterEach(() => {
  expect(place.close()).toEqual([]);
});

afterAll(() => place.remove());

function explain(...words: string[]) {
  const child = Bun.spawnSync([OCICAT, "explain", ...words], { cwd: place.folder });
  return {
    code: child.exitCode,
    stdout: child.stdout.toString(),
    stderr: child.stderr.toString(),
  };
}

const stateFolders = () => (existsSync("/run/ocicat") ? readdirSync("/run/ocicat").sort() : []);

describe.skipIf(NEEDS_ROOT)("explain (as root)", () => {
  test("prints a line for each call, with the place in the configuration", () => {
    const before = stateFolders();
    const container = place.container({
      args: ["/bin/true"],
      linux: { resources: { memory: { limit: 67108864 } } },
    });
    const { code, stdout, stderr } = explain(container.bundle);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^# mkdir \S+ {2}linux\.cgroupsPath$/m);
    expect(stdout).toMatch(/^# write 67108864 to \S+ {2}linux\.resources\.memory\.limit$/m);
    expect(stdout).toMatch(/^ *\d+ +sethostname\("ocicat", 6\) +hostname$/m);
    expect(stdout).toMatch(/^ *\d+ +execve.*process\.args$/m);
    expect(stdout).toContain('fsopen("proc"');
    expect(stateFolders()).toEqual(before);
    expect(place.must(["list", "-q"])).toBe("");
  });

  test("the program of the container that spec writes has at most 16 KB", async () => {
    const { bundle } = place.container();
    const config = JSON.stringify(defaultSpec());
    const { program } = await explainCreate({
      id: "x",
      bundle,
      stateRoot: place.stateRoot,
      config,
    });
    const { length } = encodeProgram(program);
    expect(length).toBeGreaterThan(8 * 1024);
    expect(length).toBeLessThanOrEqual(16 * 1024);
  });

  test("is JSON where asked for", () => {
    const container = place.container();
    const document = JSON.parse(explain("--json", container.id).stdout);
    const named = document.operations.filter((each: { call: string }) =>
      each.call.startsWith("sethostname"),
    );
    expect(named).toEqual([
      { index: expect.any(Number), depth: 1, call: 'sethostname("ocicat", 6)', reason: "hostname" },
    ]);
    expect(document.preparation.length).toBeGreaterThan(0);
  });

  test("tells two bundles apart, and says by its exit code whether there is a difference", () => {
    const container = place.container();
    expect(explain("--diff", container.bundle, container.bundle)).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    const other = place.container({ spec: { hostname: "other" } });
    const { code, stdout } = explain(container.bundle, other.bundle, "--diff");
    expect(code).toBe(1);
    expect(stdout).toStartWith(`--- ${container.bundle}\n+++ ${other.bundle}\n`);
    expect(stdout).toContain(
      '-  sethostname("ocicat", 6)  hostname\n+  sethostname("other", 5)  hostname\n',
    );
    expect(stdout).not.toContain("fsopen");
  });

  test("lists the faults of a configuration that is wrong", () => {
    const container = place.container();
    container.write({ ...container.spec, hostname: 7, mounts: "none" });
    const { code, stdout, stderr } = explain(container.bundle);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toStartWith("ocicat explain: parse config.json: 2 faults\n");
    expect(stderr).toContain("hostname: ");
    expect(stderr).toContain("mounts: ");
  });

  test("says what it takes", () => {
    expect(explain().code).toBe(125);
    expect(explain("a", "b").stderr).toContain("it takes one bundle; see --help");
    expect(explain("--help").stdout).toContain("usage: ocicat explain");
    expect(explain(join(place.folder, "nothing")).stderr).toContain("no such file or directory");
  });
});
