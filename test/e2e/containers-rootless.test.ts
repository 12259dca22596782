// Commands on containers that an ordinary user runs.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { OrdinaryUser, USER_ID } from "./ordinary-user.ts";
import { type Result, RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
/** Where no log-in session lends the user a cgroup, each kind of host says it in its own words. */
const NO_LIMITS = existsSync("/sys/fs/cgroup/cgroup.controllers")
  ? /make the cgroup .*\nhint: log in through systemd/
  : /cannot set memory limit.*\nhint: .*`ocicat doctor` tells/;
const NEEDS_MAPS = ["newuidmap", "newgidmap"].some((program) => Bun.which(program) === null);

describe.skipIf(NEEDS_ROOT).each(["single", "lent"] as const)(
  "started by root: an ordinary user, %s ids",
  (ids) => {
    const isPossible = ids === "single" || !NEEDS_MAPS;
    const place = new RunPlace("ordinary");
    const user = new OrdinaryUser(place);
    let program = "";
    let image = "";

    beforeAll(() => {
      image = makeLayout(place.folder, makeBusyboxRoot(place.makeFolder("rootfs")));
      place.makeFolder("files");
      user.takeOver();
      program = user.executable();
      if (isPossible) {
        const words = ["run", "-d", "--name", "box", ...place.flags, image, "sleep", "1000"];
        expect(ocicat(...words)).toMatchObject({ status: 0 });
      }
    });
    afterAll(async () => {
      call("rm", "-f", "--all");
      await eventually("the holders' end", () => place.leftovers().length === 0);
      place.remove();
    });

    function ocicat(...words: readonly string[]): Result {
      const child = Bun.spawnSync([...user.prefix(ids), program, ...words], { cwd: place.folder });
      const { exitCode, stdout, stderr } = child;
      return { status: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
    }

    const call = (command: string, ...words: readonly string[]) =>
      ocicat(...command.split(" "), ...place.flags, ...words);

    function output(command: string, ...words: readonly string[]): string {
      const { status, stdout, stderr } = call(command, ...words);
      expect([command, status, stderr]).toEqual([command, 0, ""]);
      return stdout;
    }

    test.skipIf(!isPossible)("exec", () => {
      expect(output("exec", "box", "id", "-u")).toBe("0\n");
      if (ids === "lent") {
        expect(output("exec", "-u", "user", "box", "sh", "-c", "id -u; echo $HOME")).toBe(
          "1000\n/home\n",
        );
      }
    });

    test.skipIf(!isPossible)(
      "exec -d: its end is known, also that by its container in the host's pids",
      async () => {
        const told = (id: string) => {
          const format = "{{.Running}} {{.ExitCode}}";
          return output("inspect", "--type", "exec", "--format", format, id).trim();
        };
        const script = "trap 'exit 0' TERM; while :; do sleep 0.2; done";
        const words = ["run", "-d", "--name", "hosts", "--pid", "host", ...place.flags, image];
        expect(ocicat(...words, "sh", "-c", script)).toMatchObject({ status: 0 });
        const id = output("exec", "-d", "hosts", "sleep", "1000").trim();
        expect(told(id)).toBe("true <no value>");
        output("stop", "hosts");
        await eventually("the end of it", () => told(id) === "false 137");
        output("rm", "hosts");
        expect(call("inspect", "--type", "exec", id).status).toBe(1);
      },
    );

    test.skipIf(!isPossible)("inspect, top, diff", () => {
      expect(output("inspect", "-f", "{{.State.Status}} {{.Name}}", "box")).toBe("running /box\n");
      output("exec", "box", "sh", "-c", "echo new > /tmp/new");
      expect(output("diff", "box")).toContain("A /tmp/new\n");
      expect(output("top", "box", "-o", "pid,args")).toMatch(/^PID +COMMAND\n\d+ +sleep 1000\n$/);
    });

    test.skipIf(!isPossible)("stats, with what can be counted", () => {
      const format = "{{.Name}} {{.PIDs}}";
      expect(output("stats", "--no-stream", "--format", format, "box")).toBe("box 1\n");
      expect(output("stats", "--no-stream", "--format", "{{.MemUsage}}", "box")).not.toStartWith(
        "0B",
      );
    });

    if (ids === "single") {
      test("what is not possible says what would help", () => {
        const limited = call("run", "-m", "64m", image, "true");
        if (limited.status !== 0) {
          expect(limited.stderr).toMatch(NO_LIMITS);
        }
        const other = call("run", "--rm", "-u", "1000", image, "true");
        expect([other.status, other.stderr]).toEqual([
          125,
          expect.stringMatching(
            /the user 1000:\d+: the container has no such ids\nhint: \/etc\/subuid/,
          ),
        ]);
      });

      test.skipIf(!isPossible)("nor in a container that runs", () => {
        const other = call("exec", "-u", "1000", "box", "true");
        expect([other.status, other.stderr]).toEqual([
          1,
          expect.stringContaining("the container has no such ids\nhint: /etc/subuid"),
        ]);
        const paused = call("pause", "box");
        if (paused.status === 0) {
          output("unpause", "box");
        } else {
          expect(paused.stderr).toContain("hint: an ordinary user's containers have cgroups");
        }
      });

      test("an OOM score below the user's own is ignored, and not in silence", () => {
        const score = ["cat", "/proc/self/oom_score_adj"];
        const own = readFileSync("/proc/self/oom_score_adj", "utf8");
        const { status, stdout, stderr } = call(
          "run",
          "--rm",
          "--oom-score-adj=-1000",
          image,
          ...score,
        );
        expect([status, stdout]).toEqual([0, own]);
        expect(stderr).toContain("an OOM score of -1000 is below your own");
      });
    }

    test.skipIf(!isPossible)("restart, volumes, logs", async () => {
      const words = ["-v", "data:/data", image, "sh", "-c", "echo a line; exec sleep 1000"];
      output("run", "-d", "--name", "kept", ...words);
      await eventually("its line", () => output("logs", "kept") === "a line\n");
      output("exec", "kept", "sh", "-c", "echo kept > /data/file");
      output("restart", "-t", "0", "kept");
      expect(output("exec", "kept", "cat", "/data/file")).toBe("kept\n");
      await eventually("its second line", () => output("logs", "kept") === "a line\na line\n");
      output("rm", "-f", "kept");
      expect(output("run", "--rm", "-v", "data:/other", image, "cat", "/other/file")).toBe(
        "kept\n",
      );
      output("volume rm", "data");
    });

    test.skipIf(!isPossible)("a health check, whose supervisor is the user's", () => {
      const check = ["--health-cmd", "test -e /etc/passwd", "--health-interval", "100ms"];
      output("run", "-d", "--name", "checked", ...check, image, "sleep", "1000");
      expect(output("wait", "--condition", "healthy", "checked")).toBe("-1\n");
      output("rm", "-f", "checked");
    });

    test.skipIf(!isPossible)("export, commit", () => {
      const { status, stdout } = call("export", "box");
      expect([status, stdout.includes("etc/passwd")]).toEqual([0, true]);
      output("exec", "box", "sh", "-c", "echo kept > /tmp/kept");
      const committed = ocicat("commit", "-q", ...place.flags, "box", "made:1");
      expect(committed).toMatchObject({ status: 0 });
      // Without a delegated cgroup nothing can be paused.
      expect(committed.stderr).toMatch(/^(ocicat: warning: the container goes on meanwhile.*\n)?$/);
      if (committed.stderr !== "") {
        expect(call("commit", "--pause", "-q", "box").status).toBe(1);
      }
      expect(output("run", "--rm", "made:1", "cat", "/tmp/kept")).toBe("kept\n");
      const archive = join(place.folder, "home/box.tar");
      output("export", "-o", archive, "box");
      const list = Bun.spawnSync(["tar", "--numeric-owner", "-tvf", archive]).stdout.toString();
      expect(list).toMatch(/ 0\/0 .* tmp\/kept\n/);
      expect(list).not.toContain(String(USER_ID));
    });

    test.skipIf(!isPossible)("cp: into one that runs, and out of it", () => {
      const files = join(place.folder, "files");
      writeFileSync(join(files, "given"), "given\n");
      output("cp", join(files, "given"), "box:/tmp/");
      expect(output("exec", "box", "cat", "/tmp/given")).toBe("given\n");
      expect(output("exec", "box", "stat", "-c", "%u", "/tmp/given")).toBe("0\n");
      output("cp", "box:/tmp/given", join(files, "back"));
      expect(readFileSync(join(files, "back"), "utf8")).toBe("given\n");
      expect(statSync(join(files, "back")).uid).toBe(USER_ID);
    });

    if (ids === "single") {
      test("cp: one that does not run is refused with the way out", () => {
        output("stop", "-t", "0", "box");
        const { status, stderr } = call("cp", "box:/etc/passwd", join(place.folder, "files"));
        expect([status, stderr]).toEqual([1, expect.stringContaining("starts it")]);
      });
    }
  },
);
