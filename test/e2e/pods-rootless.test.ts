// Pods of an ordinary user: their containers are in the pod's user namespace.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { OrdinaryUser } from "./ordinary-user.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NEEDS_MAPS = ["newuidmap", "newgidmap"].some((program) => Bun.which(program) === null);

describe.skipIf(NEEDS_ROOT).each(["single", "lent"] as const)(
  "started by root: an ordinary user's pods, %s ids",
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
    });
    afterAll(async () => {
      if (isPossible) {
        ocicat("pod rm", "-f", "--all");
      }
      await eventually("the holders' end", () => place.leftovers().length === 0);
      place.remove();
    });

    function ocicat(command: string, ...words: readonly string[]): string {
      const line = [program, ...command.split(" "), ...place.flags, ...words];
      const child = Bun.spawnSync([...user.prefix(ids), ...line], { cwd: place.folder });
      expect([child.stderr.toString(), child.exitCode]).toEqual(["", 0]);
      return child.stdout.toString();
    }

    test.skipIf(!isPossible)("containers share what the pod has, and end with it", () => {
      ocicat("pod create", "--share", "+pid", "--name", "pod");
      const script = "echo kept > /dev/shm/file; sleep 1000";
      ocicat("run", "-d", "--pod", "pod", "--name", "one", image, "sh", "-c", script);
      const written = "until test -s /dev/shm/file; do sleep 0.02; done";
      const look = `${written}; cat /dev/shm/file; hostname; cat /proc/1/comm; stat -c %u /dev/shm/file`;
      const said = ocicat("run", "--rm", "--pod", "pod", image, "sh", "-c", look);
      expect(said).toBe("kept\npod\npause\n0\n");
      expect(ocicat("exec", "one", "cat", "/dev/shm/file")).toBe("kept\n");
      ocicat("pod stop", "-t", "0", "pod");
      expect(ocicat("ps", "-a", "--format", "{{.State}}")).toBe("exited\n");
      ocicat("pod rm", "pod");
    });

    test.skipIf(!isPossible)("limits of its own it has none, and is not created with them", () => {
      const line = [program, "pod", "create", ...place.flags, "-m", "50m", "limited"];
      const child = Bun.spawnSync([...user.prefix(ids), ...line], { cwd: place.folder });
      expect(child.exitCode).toBe(125);
      expect(child.stderr.toString()).toContain("an ordinary user's pod has no cgroup of its own");
      expect(ocicat("pod ps", "-q")).toBe("");
    });
  },
);
