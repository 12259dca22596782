// The documented example of a program that embeds the runtime.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
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

const SETTING = { stdin: "ignore", env: { PATH: "/usr/bin:/bin" } } as const;

function command(...words: string[]): string[] {
  return [process.execPath, join(REPOSITORY, "examples/embed.ts"), ...words];
}

function embed(...words: string[]) {
  const child = Bun.spawnSync(command(...words), SETTING);
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

  test("goes on while the container runs", async () => {
    const waits = "i=0; while [ ! -e /go ] && [ $i -lt 3000 ]; do i=$((i+1)); sleep 0.02; done";
    const script = `${waits}; kill -9 $$; exit 1`;
    const container = place.container({ script });
    const child = Bun.spawn(command(container.bundle), { ...SETTING, stderr: "pipe" });
    let text = "";
    for await (const part of child.stderr) {
      text += new TextDecoder().decode(part);
      if (text.includes("embed: still running\n")) {
        writeFileSync(join(container.root, "go"), "");
      }
    }
    expect(await child.exited).toBe(1);
    expect(text).toContain("embed: started: running\nembed: still running\n");
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
