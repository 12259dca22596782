// `ocicat run hello`, and what the command line says when it cannot run anything.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { OCICAT, RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: hello and the command line", () => {
  const place = new RunPlace();
  afterEach(() => {
    const left = place.leftovers();
    if (left.length > 0) {
      throw new Error(`left behind: ${left.join("; ")}`);
    }
  });
  afterAll(() => place.remove());

  test("hello tells what isolates it, and how long it took", async () => {
    const flags = ["--hostname", "box", "--memory", "64m", "--cpus", "0.5", "--pids-limit", "20"];
    const lines = (await place.output([...flags, "hello"])).split("\n");
    const facts = new Map(lines.map((line) => [line.slice(2, 16).trim(), line.slice(16).trim()]));
    expect(facts.get("pid")).toBe("1");
    expect(facts.get("host name")).toBe("box");
    expect(facts.get("memory limit")).toBe(String(64 * 1024 * 1024));
    expect(facts.get("cpu limit")).toMatch(/^50000/);
    expect(facts.get("pids limit")).toBe("20");
    const namespaces = facts.get("namespaces") ?? "";
    for (const name of ["mnt", "pid", "net", "ipc", "uts", "cgroup"]) {
      expect(namespaces).toMatch(new RegExp(`${name}:\\[\\d+\\]`));
    }
    expect(lines.at(-2)).toMatch(/^It took \d+\.\d ms from the command to its process\.$/);
  });

  test("it can be started again", () => {
    const words = (command: string, ...rest: string[]) => [
      OCICAT,
      command,
      ...place.flags,
      ...rest,
    ];
    expect(Bun.spawnSync(words("create", "--name", "again", "hello")).exitCode).toBe(0);
    for (let round = 0; round < 2; round += 1) {
      const { exitCode, stdout } = Bun.spawnSync(words("start", "-a", "again"));
      expect([exitCode, stdout.toString()]).toEqual([0, expect.stringContaining("Hello from a")]);
    }
    expect(Bun.spawnSync(words("rm", "again")).exitCode).toBe(0);
  });

  test.each<[string, readonly string[], number, string]>([
    ["no image", [], 125, "ocicat run: run a container: there is no image"],
    ["a mistyped flag", ["--memroy", "1g", "hello"], 125, "hint: did you mean --memory?"],
    ["an image that is not there", ["--pull", "never", "debian"], 125, "it is not in the store"],
    ["a command for hello", ["hello", "sh"], 125, "run hello: it takes no command"],
    ["no such folder", ["--rootfs", "/nonexistent", "sh"], 125, "no such file or directory"],
    ["no such layout", ["oci:/nonexistent", "sh"], 125, "it has no index.json"],
    ["no such source", ["-v", "/nonexistent:/x", "hello"], 125, 'mount "/nonexistent": no such'],
    ["a port", ["-p", "80:80", "hello"], 125, "there are no networks with ports yet"],
    ["a wrong size", ["-m", "lots", "hello"], 125, 'use --memory "lots"'],
    ["a terminal without one", ["-it", "hello"], 125, "the input device is not a TTY"],
  ])("%s", async (_, words, status, message) => {
    const result = await place.run(words);
    expect(result.stderr).toContain(message);
    expect(result.status).toBe(status);
    expect(result.stderr.trimEnd().split("\n").length).toBeLessThanOrEqual(2);
  });

  test("a name that could leave the store is refused", async () => {
    const child = Bun.spawnSync(place.command(["hello"], "../../x"));
    expect(child.stderr.toString()).toContain('use the name "../../x"');
    expect(child.exitCode).toBe(125);
  });

  test("a name in use is refused, and what has it stays", async () => {
    const made = Bun.spawnSync([OCICAT, "create", ...place.flags, "--name", "mine", "hello"]);
    expect(made.exitCode).toBe(0);
    const child = Bun.spawnSync(place.command(["hello"], "mine"));
    expect(child.stderr.toString()).toContain('container "mine": the name is in use');
    expect(child.exitCode).toBe(125);
    expect(place.idOf("mine")).toBe(made.stdout.toString().trim());
    expect(Bun.spawnSync([OCICAT, "rm", ...place.flags, "mine"]).exitCode).toBe(0);
  });

  test("--help shows every flag and examples", async () => {
    const { status, stdout } = await place.run(["--help"]);
    expect(status).toBe(0);
    expect(stdout).toContain("-v, --volume [SOURCE:]TARGET[:OPTIONS]");
    expect(stdout).toContain("ocicat run --rm -it oci:/srv/images/debian:latest bash");
  });
});
