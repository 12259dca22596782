// Containers on a disk that has too little room: what they write waits for room and nothing of it is lost,
// commands that cannot be done say why and leave nothing. And on one that the kernel has closed to writers,
// as it does when it finds a mistake in the file system.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContainerPlace } from "../e2e/container-place.ts";
import { eventually } from "../peers/conditions.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const DISK_BYTES = 16 * 1024 * 1024;
const LINES = 20_000;
const UNTIL_TERM = "trap 'exit 7' TERM; while :; do sleep 0.05; done";
const WRITE_LINES = `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo line $i; done; exit 9`;

describe.skipIf(NEEDS_ROOT)("as root: containers on a disk that takes nothing", () => {
  const place = new ContainerPlace();
  let disk = "";

  beforeAll(() => {
    disk = place.store;
    mkdirSync(disk);
    expect(place.root).not.toBe("");
  });
  afterAll(() => {
    place.remove();
  });
  beforeEach(() => {
    const image = join(place.folder, "disk");
    writeFileSync(image, "");
    truncateSync(image, DISK_BYTES);
    must("mkfs.ext4", "-q", "-m", "0", "-b", "1024", image);
    must("mount", "-o", "loop,errors=remount-ro", image, disk);
  });
  afterEach(async () => {
    place.clear();
    const left = (): string[] => place.leftovers().filter((line) => !line.includes(` ${disk} `));
    await eventually("nothing to be left", () => left().length === 0);
    must("umount", disk);
  });

  function must(...command: string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
    expect(exitCode, `${command.join(" ")}: ${stderr}`).toBe(0);
  }

  const mounts = (): string => readFileSync("/proc/self/mounts", "utf8");

  function room(): number {
    const { bavail, bsize } = statfsSync(disk);
    return bavail * bsize;
  }

  /** Leaves about so much room. */
  function fill(rest: number): void {
    must("fallocate", "-l", String(room() - rest), join(disk, "ballast"));
  }

  function fillToTheLastByte(): void {
    const written = Bun.spawnSync(["dd", "if=/dev/zero", `of=${join(disk, "rest")}`, "bs=1024"]);
    expect(written.stderr.toString()).toContain("No space left on device");
    expect(room()).toBe(0);
  }

  function makeRoom(): void {
    rmSync(join(disk, "ballast"));
  }

  function words(name: string, script: string): string[] {
    const all = place.command(["--rootfs", place.root, "/bin/sh", "-c", script], name).slice(2);
    return all.filter((word) => word !== "--rm" && !place.flags.includes(word));
  }

  test("output waits for room; every line is there, and the exit code", async () => {
    place.outputOf("create", ...words("writer", WRITE_LINES));
    fill(200_000);
    place.outputOf("start", "writer");
    await eventually("the disk to be full", () => room() < 8192);
    const status = ["-a", "--format", "{{.Status}}"];
    expect(place.outputOf("ps", ...status)).toMatch(/^Up /);
    makeRoom();
    expect(place.outputOf("wait", "writer")).toBe("9\n");
    const lines = place.outputOf("logs", "writer").trimEnd().split("\n");
    expect(lines).toEqual(Array.from({ length: LINES }, (_, index) => `line ${index + 1}`));
  }, 120_000);

  test("the end of a container is written down, and what comes after it is done", async () => {
    place.outputOf("run -d", ...words("ending", UNTIL_TERM));
    place.outputOf("run -d", "--rm", ...words("brief", UNTIL_TERM));
    fill(0);
    fillToTheLastByte();
    for (const name of ["ending", "brief"]) {
      place.outputOf("kill", "-s", "TERM", name);
    }
    await eventually("what they had to be given back", () =>
      place.leftovers().every((line) => /^(folder|name|mount): /.test(line)),
    );
    expect(place.outputOf("ps", "-a", "--format", "{{.Names}} {{.Status}}")).toMatch(
      /^ending Exited \(7\) .*\n$/,
    );
    expect(place.outputOf("wait", "ending")).toBe("7\n");
    makeRoom();
    rmSync(join(disk, "rest"));
    place.outputOf("start", "ending");
    place.outputOf("stop", "ending");
  }, 120_000);

  test("one that may only be read: containers end, and what they had is given back", async () => {
    const [, device = ""] = new RegExp(`^/dev/(\\S+) ${disk} `, "m").exec(mounts()) ?? [];
    place.outputOf("run -d", "--restart", "always", ...words("ending", UNTIL_TERM));
    place.outputOf("run -d", "--rm", ...words("brief", UNTIL_TERM));
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, "for a test");
    expect(() => writeFileSync(join(disk, "new"), "")).toThrow("EROFS");
    place.outputOf("stop", "ending", "brief");
    await eventually("what they had to be given back", () =>
      place.leftovers().every((line) => /^(folder|name|mount): /.test(line)),
    );
    expect(place.outputOf("ps", "-a", "--format", "{{.Status}}")).not.toContain("Up");
    expect(place.call("start", ["ending"]).stderr).toContain("read-only file system");
    expect(place.call("rm", ["-f", "ending"]).stderr).toContain("the store can only be read");
    must("umount", disk);
    must("mount", "-o", "loop,errors=remount-ro", join(place.folder, "disk"), disk);
  }, 120_000);

  test("what cannot be created or started says why and leaves nothing", async () => {
    for (const rest of [0, 2048, 4096, 8192, 16_384, 32_768]) {
      fill(rest);
      const { status, stderr } = place.call("run -d", words("refused", "exit 0"));
      if (status !== 0) {
        expect([rest, stderr]).toEqual([rest, expect.stringContaining("no space left on device")]);
        expect(place.outputOf("ps", "-aq")).toBe("");
      }
      makeRoom();
      place.clear();
      expect(place.call("run -d", words("refused", "exit 0")).stderr).toBe("");
      place.outputOf("wait", "refused");
      place.clear();
      await eventually("the holder's end", () => place.reap().length === 0);
    }
  }, 120_000);
});
