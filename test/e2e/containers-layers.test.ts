// diff, export and commit: what a container has written.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

const SCRIPT = `mkdir /made; echo content > /made/file; ln -s file /made/link; chown 5:6 /made/file
rm /etc/issue; echo more >> /etc/group; touch /etc/new; rm -r /home; mkdir /home; touch /home/mine
echo hidden > /scratch/x; touch /done; exec sleep 1000`;

describe.skipIf(NEEDS_ROOT)("as root: what a container has written", () => {
  const place = new ContainerPlace();
  const exec = (...words: readonly string[]) => place.call("exec", ["work", ...words]);

  beforeAll(async () => {
    const shared = place.makeFolder("shared");
    const flags = ["--tmpfs", "/scratch", "-v", `${shared}:/mnt/shared`, "-e", "B=2"];
    place.detach("work", SCRIPT, ...flags);
    await eventually("its last file", () => exec("test", "-e", "/done").status === 0);
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () =>
      place.leftovers().every((line) => line.startsWith("staging")),
    );
    place.remove();
  });

  test("diff", () => {
    const expected = [
      ...["A /done", "C /etc", "C /etc/group", "D /etc/issue", "A /etc/new"],
      ...["C /home", "A /home/mine", "A /made", "A /made/file", "A /made/link", "A /mnt"],
    ];
    expect(place.outputOf("diff", "work").trimEnd().split("\n")).toEqual(expected);
    place.outputOf("create", "--name", "folder", "--rootfs", place.root, "true");
    expect(place.call("diff", ["folder"]).stderr).toContain("it is not made from an image");
    expect(place.call("diff", ["nobody"]).status).toBe(1);
  });

  test("export: as it is now, without what is mounted", () => {
    const archive = join(place.folder, "work.tar");
    place.outputOf("export", "-o", archive, "work");
    const list = Bun.spawnSync(["tar", "--numeric-owner", "-tvf", archive]).stdout.toString();
    expect(list).toMatch(/-rw-r--r-- 5\/6 +8 .* made\/file\n/);
    expect(list).toMatch(/ made\/link -> file\n/);
    expect(list).toContain(" bin/busybox\n");
    expect(list).not.toContain("etc/issue");
    expect(list).not.toContain("scratch/x");
    const piped = place.call("container export", ["folder"]);
    expect([piped.status, piped.stderr]).toEqual([0, ""]);
    expect(piped.stdout).toContain("etc/passwd");
    expect(place.call("container export", ["nobody"]).status).toBe(1);
  });

  test("commit: an image that containers can be made of", async () => {
    const words = ["-m", "by a test", "-a", "me", "-c", 'CMD ["cat", "/made/file"]'];
    const id = place.outputOf("commit", "-q", ...words, "work", "made:1").trim();
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    const format = "{{.Id}} {{.Author}} {{.Comment}} {{.Config.Env}} {{len .RootFS.Layers}}";
    expect(place.outputOf("inspect", "-f", format, "made:1")).toBe(
      `${id} me by a test [PATH=/bin FROM_IMAGE=yes B=2] 2\n`,
    );
    expect(await place.output(["made:1"])).toBe("content\n");
    const script =
      "ls /home; ls /etc; ls -d /scratch /mnt/shared; stat -c %u:%g /made/file; tail -1 /etc/group";
    const inside = await place.output(["made:1", "sh", "-c", `${script}; readlink /made/link`]);
    expect(inside.split("\n")).toEqual(
      expect.arrayContaining(["mine", "group", "new", "passwd", "5:6", "more", "file"]),
    );
    expect(inside).not.toContain("issue");
    expect(inside).not.toContain("/scratch");
    const file = join(place.folder, "image-id");
    const words2 = ["-q", "--pause=false", "-f", "oci", "--iidfile", file, "work"];
    const again = place.outputOf("commit", ...words2).trim();
    expect(again).not.toBe(id);
    expect(readFileSync(file, "utf8")).toBe(again);
    expect(place.outputOf("inspect", "-f", "{{.State.Status}}", "work")).toBe("running\n");
  });

  test("commit --squash: one layer, with the same files", async () => {
    place.outputOf("commit", "-q", "work", "layered:1");
    place.outputOf("commit", "-q", "--squash", "work", "squashed:1");
    const format = "{{len .RootFS.Layers}} {{.Config.Env}}";
    expect(place.outputOf("inspect", "-f", format, "squashed:1")).toBe(
      "1 [PATH=/bin FROM_IMAGE=yes B=2]\n",
    );
    expect(place.onImages("history", "-q", "squashed:1").trim().split("\n")).toHaveLength(1);
    const list = "find / -xdev -path /proc -prune -o -exec stat -c '%n %F %a %u %g %s' {} + | sort";
    const files = async (image: string) =>
      (await place.output([image, "sh", "-c", list])).replaceAll(/^\S+ directory .*\n/gm, "");
    const squashed = await files("squashed:1");
    expect(squashed).toBe(await files("layered:1"));
    expect(squashed).toContain("/made/file regular file 644 5 6 8\n");
    expect(squashed).not.toContain("/etc/issue");
  });

  test("commit --include-volumes: places of volumes; those without a name in any case", () => {
    const flags = ["-v", "named:/a", "-v", "/b", "-v", `${place.makeFolder("shared")}:/c`];
    place.outputOf("create", "--name", "filled", ...flags, place.image, "true");
    const volumes = (...words: string[]) => {
      place.outputOf("commit", "-q", ...words, "filled", "volumes:1");
      return JSON.parse(place.outputOf("inspect", "-f", "{{json .Config.Volumes}}", "volumes:1"));
    };
    expect(volumes()).toEqual({ "/b": {} });
    expect(volumes("--include-volumes")).toEqual({ "/a": {}, "/b": {}, "/c": {} });
  });

  test("commit: somebody else lets the container go on meanwhile", async () => {
    expect(exec("dd", "if=/dev/zero", "of=/made/large", "bs=1048576", "count=128").status).toBe(0);
    const committed = place.start("commit", ["-q", "work", "undisturbed:1"]);
    const status = () => place.outputOf("inspect", "-f", "{{.State.Status}}", "work").trim();
    await eventually("it to be paused", () => status() === "paused");
    place.outputOf("unpause", "work");
    expect(await committed.exited).toBe(0);
    expect(status()).toBe("running");
    expect(exec("rm", "/made/large").status).toBe(0);
  });

  test("commit: what is not possible", () => {
    expect(place.call("commit", ["folder"]).stderr).toContain("it is not made from an image");
    expect(place.call("commit", ["-c", "FROM x", "work"]).stderr).toContain("does not begin with");
    expect(place.call("commit", ["work", "Not A Name"]).status).toBe(1);
    expect(place.call("commit", ["-f", "docker", "work"]).stderr).toContain(
      "hint: `ocicat convert",
    );
    expect(place.outputOf("inspect", "-f", "{{.State.Status}}", "work")).toBe("running\n");
  });

  test("of one that has ended, too", async () => {
    place.outputOf("stop", "-t", "0", "work");
    expect(place.outputOf("diff", "work")).toContain("A /made/file\n");
    place.outputOf("commit", "-q", "work", "ended:1");
    expect(await place.output(["ended:1", "cat", "/made/file"])).toBe("content\n");
  });
});
