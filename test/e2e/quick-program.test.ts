// Which of the two programs a command is, and that it is the same command in both: the quick one, or, for what that
// one has not, the compiled one that it executes.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DIST, hasQuickProgram } from "../../tools/repository.ts";
import { ContainerPlace } from "./container-place.ts";
import { OCICAT } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

const NEEDS_ENGINE = !hasQuickProgram();

describe.skipIf(NEEDS_ROOT || NEEDS_ENGINE)("as root: the quick program (needs QuickJS)", () => {
  const place = new ContainerPlace();
  let image = "";
  beforeAll(async () => {
    image = place.image;
    // It comes into the store, which is the compiled program's work.
    await place.output([image, "true"]);
  });
  afterEach(async () => {
    place.clear();
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  /** The name of the file that a command executes while it waits for its container. */
  async function programOf(flags: readonly string[], environment = {}): Promise<string> {
    const command = place.command(["-i", ...flags, image, "sh", "-c", "echo here; read line"]);
    const child = Bun.spawn(command, {
      env: { ...process.env, ...environment },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
    });
    const reader = child.stdout.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("here\n");
    const program = basename(readlinkSync(`/proc/${child.pid}/exe`));
    child.stdin.end();
    expect(await child.exited).toBe(1);
    return program;
  }

  test("is what `run` is, with the flags that everybody uses", async () => {
    expect(await programOf([])).toBe("ocicat.quick");
    const flags = ["-m", "64m", "-e", "A=1", "-v", "/tmp:/host:ro", "--read-only"];
    expect(await programOf(flags)).toBe("ocicat.quick");
  });

  test("leaves a volume to the compiled program that the image's files go into, before it is made", async () => {
    expect(await programOf(["-v", "volume:/data"])).toBe("ocicat.quick");
    expect(await programOf(["-v", "volume:/data", "-v", "/other"])).toBe("ocicat.quick");
    expect(await programOf(["-v", "copied:/bin"])).toBe("ocicat.bin");
    expect(await programOf(["-v", "copied:/bin"])).toBe("ocicat.quick");
    const since = new Date().toISOString();
    expect(await programOf(["-v", "/bin"])).toBe("ocicat.bin");
    const until = new Date().toISOString();
    const events = place.outputOf("events", "--since", since, "--until", until);
    expect(events.split("\n").filter((line) => line.includes("volume create"))).toHaveLength(1);
  });

  test("and a configuration file that is more than simple", async () => {
    const path = join(place.folder, "config.toml");
    const environment = { OCICAT_CONFIG: path };
    writeFileSync(path, "[image]\npull-policy = 'never'\n");
    expect(await programOf([], environment)).toBe("ocicat.quick");
    writeFileSync(path, "image.pull-policy = 'never'\n");
    expect(await programOf([], environment)).toBe("ocicat.bin");
    const told = ["[image]\npull-policy = 'sometimes'\n", "image.pull-policy = 'sometimes'\n"].map(
      (text) => {
        writeFileSync(path, text);
        const child = Bun.spawnSync(place.command([image, "true"]), {
          env: { ...process.env, ...environment },
        });
        return child.stderr.toString();
      },
    );
    expect(told[0]).toContain("image.pull-policy");
    expect(told[0]).toBe(told[1] ?? "");
  });

  test("what the caller has open is handed over", async () => {
    for (const flags of [[], ["-v", "/bin"]]) {
      const command = place.command([
        "--preserve-fds",
        "1",
        ...flags,
        image,
        "sh",
        "-c",
        "cat <&3",
      ]);
      const script = '"$@" 3<<EOF\nfrom the caller\nEOF\n';
      const child = Bun.spawnSync(["sh", "-c", script, "sh", ...command]);
      expect([child.stdout.toString(), child.stderr.toString()]).toEqual(["from the caller\n", ""]);
    }
  });

  test("a working directory that was deleted is as lost in both", async () => {
    for (const flags of [[], ["-v", "/bin"]]) {
      const folder = join(place.folder, "lost");
      mkdirSync(folder);
      const words = [...flags, "-v", "./here:/x", image, "true"];
      const script = `rmdir ${folder}; exec "$@"`;
      const child = Bun.spawnSync(["sh", "-c", script, "sh", ...place.command(words)], {
        cwd: folder,
      });
      expect(child.stderr.toString()).toContain("find the working directory: it has been deleted");
      expect(child.exitCode).toBe(125);
    }
  });

  test("mistakes are told in the same words", () => {
    for (const words of [["--nonsense"], ["no/such/image"], ["--memory", "lots", image]]) {
      const both = ["ocicat", "ocicat.bin"].map((name) => {
        const command = place.command([...words, "true"]);
        const program = join(DIST.folder, name);
        const child = Bun.spawnSync([program, ...command.slice(1)], { argv0: "ocicat" });
        return [child.exitCode, child.stderr.toString()];
      });
      expect(both[0]).toEqual(both[1]);
    }
  });

  test("a pipe without a reader is an error to it, and no end", () => {
    const command = place.command([image, "sh", "-c", "yes; echo yes ended >&2"]);
    const child = Bun.spawnSync(["sh", "-c", '"$@" | head -n 1', "sh", ...command]);
    expect(child.stderr.toString()).toBe("yes ended\n");
  });

  test("where it is missing the compiled program is all commands", async () => {
    const folder = join(place.folder, "alone");
    mkdirSync(folder);
    for (const path of [DIST.program, DIST.entry, DIST.launchers[0]]) {
      copyFileSync(path, join(folder, basename(path)));
    }
    const [, ...words] = place.command([image, "echo", "alone"]);
    const child = Bun.spawnSync([join(folder, basename(OCICAT)), ...words]);
    expect([child.stdout.toString(), child.stderr.toString()]).toEqual(["alone\n", ""]);
    rmSync(folder, { recursive: true });
  });

  test("where its memory can't be had, it executes the compiled program", () => {
    const folder = join(place.folder, "stand-in");
    mkdirSync(folder);
    for (const path of [DIST.quick, DIST.launchers[0]]) {
      copyFileSync(path, join(folder, basename(path)));
    }
    const compiled = join(folder, basename(DIST.program));
    writeFileSync(compiled, '#!/bin/sh\necho "compiled: $*"\n', { mode: 0o755 });
    const command = [join(folder, "ocicat"), "run", "--rm", "image"];
    const child = Bun.spawnSync(["prlimit", "--as=200000000", ...command]);
    expect(child.stdout.toString()).toBe("compiled: run --rm image\n");
    rmSync(compiled);
    const alone = Bun.spawnSync(["prlimit", "--as=200000000", ...command]);
    expect([alone.exitCode, alone.stdout.toString()]).toEqual([1, ""]);
    rmSync(folder, { recursive: true });
  });

  test("a small stack is enough", () => {
    const command = place.command([image, "echo", "here"]);
    const child = Bun.spawnSync(["prlimit", "--stack=262144:262144", ...command]);
    expect([child.stdout.toString(), child.stderr.toString()]).toEqual(["here\n", ""]);
  });

  test("events are put in order by it, too, when they have become many", async () => {
    const line = `\n${JSON.stringify({ version: 1, time: "2026-01-01T00:00:00.000000000Z" })}`;
    const hot = join(place.store, "events.hot");
    writeFileSync(hot, line.repeat(20_000), { flag: "a" });
    const before = statSync(hot).blocks;
    expect(await place.output([image, "echo", "done"])).toBe("done\n");
    expect(statSync(hot).blocks).toBeLessThan(before);
  });
});
