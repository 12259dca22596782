// Namespaces, devices and volumes of containers that an ordinary user runs.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readlinkSync } from "node:fs";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { OrdinaryUser } from "./ordinary-user.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NEEDS_MAPS = ["newuidmap", "newgidmap"].some((program) => Bun.which(program) === null);

describe.skipIf(NEEDS_ROOT).each(["single", "lent"] as const)(
  "started by root: an ordinary user's namespaces, %s ids",
  (ids) => {
    const isPossible = ids === "single" || !NEEDS_MAPS;
    const place = new RunPlace("ordinary");
    const user = new OrdinaryUser(place);
    let program = "";
    let image = "";
    beforeAll(() => {
      image = makeLayout(place.folder, makeBusyboxRoot(place.makeFolder("rootfs")));
      user.takeOver();
      program = user.executable();
      if (isPossible) {
        ocicat("run", "-d", "--name", "other", ...place.flags, image, "sleep", "1000");
      }
    });
    afterAll(async () => {
      ocicat("rm", ...place.flags, "-f", "--all");
      await eventually("the holders' end", () => place.leftovers().length === 0);
      place.remove();
    });

    function ocicat(...words: readonly string[]): string {
      const child = Bun.spawnSync([...user.prefix(ids), program, ...words], { cwd: place.folder });
      expect([child.stderr.toString(), child.exitCode]).toEqual(["", 0]);
      return child.stdout.toString();
    }

    const sh = (script: string, ...flags: readonly string[]) =>
      place.output([...flags, image, "sh", "-c", script], { prefix: user.prefix(ids), program });

    test.skipIf(!isPossible).each([
      ["--network", "net"],
      ["--ipc", "ipc"],
      ["--uts", "uts"],
      ["--pid", "pid"],
    ])("%s host; that of a container, with its user namespace", async (flag, name) => {
      const script = `readlink /proc/self/ns/${name}`;
      expect(await sh(script, flag, "host")).toBe(`${readlinkSync(`/proc/self/ns/${name}`)}\n`);
      const other = ocicat("exec", ...place.flags, "other", "sh", "-c", script);
      expect(await sh(script, flag, "container:other")).toBe(other);
    });

    test.skipIf(!isPossible)("in those of another container: its end is known, exec works", () => {
      const joined = ["--network", "--ipc", "--pid"].flatMap((flag) => [flag, "container:other"]);
      const words = ["--name", "joining", ...place.flags, ...joined, image, "sh", "-c"];
      ocicat("run", "-d", ...words, "while [ ! -e /tmp/go ]; do sleep 0.2; done; exit 9");
      expect(ocicat("exec", ...place.flags, "joining", "readlink", "/proc/self/ns/net")).toBe(
        ocicat("exec", ...place.flags, "other", "readlink", "/proc/self/ns/net"),
      );
      ocicat("exec", ...place.flags, "joining", "touch", "/tmp/go");
      expect(ocicat("wait", ...place.flags, "joining")).toBe("9\n");
      ocicat("rm", ...place.flags, "joining");
    });

    test.skipIf(!isPossible)("--privileged, --device", async () => {
      expect(await sh("grep CapEff /proc/self/status", "--privileged")).toMatch(/f{8}\n$/);
      if (existsSync("/dev/fuse")) {
        expect(await sh("stat -c %t:%T /dev/wick", "--device", "/dev/fuse:/dev/wick")).toBe(
          "a:e5\n",
        );
      }
    });

    test.skipIf(!isPossible)("a volume is filled and kept", async () => {
      expect(await sh("ls /etc; echo x > /etc/new", "-v", "etc:/etc")).toContain("issue\n");
      expect(await sh("cat /data/new", "-v", "etc:/data")).toBe("x\n");
      const own = ids === "lent" ? "chown 1000 /own; touch /own/x" : "touch /own/x";
      expect(await sh(own, "-v", "/own")).toBe("");
      expect(ocicat("volume", "ls", "-q", ...place.flags)).toBe("etc\n");
      ocicat("volume", "rm", ...place.flags, "etc");
    });
  },
);
