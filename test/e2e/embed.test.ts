// The documented example of a program that embeds the runtime.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../../tools/repository.ts";
import { NEEDS_ROOT, RuntimePlace } from "./runtime-place.ts";

const place = new RuntimePlace();
const STATE_ROOT = "/run/ocicat-embed";

afterEach(() => {
  expect(place.close()).toEqual([]);
  expect(existsSync(STATE_ROOT) ? readdirSync(STATE_ROOT) : []).toEqual([]);
});

afterAll(() => {
  if (existsSync(STATE_ROOT)) {
    rmdirSync(STATE_ROOT);
  }
  place.remove();
});

function embed(...words: string[]) {
  const program = join(REPOSITORY, "examples/embed.ts");
  const child = Bun.spawnSync([process.execPath, program, ...words], {
    stdin: "ignore",
    env: { PATH: "/usr/bin:/bin" },
  });
  return {
    code: child.exitCode,
    stdout: child.stdout.toString(),
    stderr: child.stderr.toString(),
  };
}

describe.skipIf(NEEDS_ROOT)("examples/embed.ts (as root)", () => {
  test("runs a container, and ends as it does", () => {
    const container = place.container({ script: "echo from inside; exit 3" });
    const { code, stdout, stderr } = embed(container.bundle);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "from inside\n" });
    expect(stderr).toMatch(
      /^embed: created: process \d+ waits, 1 in its cgroup\nembed: started: (running|stopped)\nembed: deleted\n$/,
    );
  });

  test("goes on while the container runs", () => {
    const container = place.container({ script: "sleep 1.5; kill -9 $$; exit 1" });
    const { code, stderr } = embed(container.bundle);
    expect(code).toBe(1);
    expect(stderr).toContain("embed: started: running\n");
    expect(stderr).toContain("embed: still running\n");
  });

  test("tells what is wrong", () => {
    const container = place.container();
    container.write({ ...container.spec, hostname: 7 });
    expect(embed(container.bundle)).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining(
        "embed: invalid-config: parse config.json: 1 fault\n  hostname: ",
      ),
    });
    expect(embed("relative").code).toBe(2);
  });
});
