// One contract for both formats of images: what a container sees, who its users are, what is refused.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chosenFormat } from "../../src/image/layers/format-choice.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { archive, type TarFields } from "../fixtures/tar-archive.ts";
import { IMAGE_CONFIG, makeBusyboxRoot } from "./busybox-image.ts";
import { OCICAT, RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0 || !existsSync("/bin/busybox");
const HAS_EROFS = !NEEDS_ROOT && chosenFormat(tmpdir()).format === "erofs";
const FORMATS: readonly LayerFormat[] = HAS_EROFS ? ["erofs", "directory"] : ["directory"];
const HAS_TMPFS = HAS_EROFS && existsSync("/dev/shm");

const UPPER: readonly TarFields[] = [
  { name: "./", type: "5", mode: 0o1751, uid: 5, gid: 6 },
  { name: "home/.wh..wh..opq" },
  { name: "home/new", data: "new\n", uid: 1000, gid: 2000, mode: 0o4750 },
  { name: "etc/.wh.issue" },
  { name: "etc/passwd", data: "other:x:77:88::/other:/bin/sh\n" },
  { name: "etc/group", data: "others:x:88:\nmore:x:99:other\n" },
  { name: "hard", type: "1", link: "bin/busybox" },
  { name: "soft", type: "2", link: "../../etc/passwd" },
  { name: "null", type: "3", major: 1, minor: 3, mode: 0o666 },
  { name: "given", data: "x", pax: { "SCHILY.xattr.user.tag": "value" } },
];

/** Everything that a shell tells of an image, in a stable order. */
const LOOK = `
  ls / /home
  stat -c '%A %u:%g %n' / /etc
  stat -c '%A %u:%g %Y %n' /bin /home /tmp /null /soft
  stat -c '%A %u:%g %Y %n %s %h' /bin/* /etc/passwd /etc/group /home/* /hard /given
  cat /home/new /etc/passwd /soft; readlink /soft; id; stat -c '%h %i' /hard | wc -w
  test /hard -ef /bin/busybox && echo linked; echo x > /given && cat /given; rm /home/new; ls /home`;

describe.skipIf(NEEDS_ROOT)("as root: an image", () => {
  const place = new RunPlace();
  let layout: TestLayout;
  let good: Descriptor;
  let seen: string | undefined;
  beforeAll(() => {
    const root = makeBusyboxRoot(place.makeFolder("rootfs"));
    const base = Bun.spawnSync(["tar", "-C", root, "--numeric-owner", "-c", "."]).stdout;
    layout = new TestLayout(join(place.folder, "layout"));
    good = layout.addImage({ layers: [base, archive(...UPPER)], config: IMAGE_CONFIG });
    const bad = layout.addImage({ layers: [base, archive({ name: "h", type: "1", link: "no" })] });
    const empty = layout.addImage({ layers: [] });
    layout.setIndex([named(good, "good"), named(bad, "bad"), named(empty, "empty")]);
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  const options = (format: LayerFormat) => ({ env: { OCICAT_STORAGE_FORMAT: format } });
  const reference = (name: string): string => `oci:${layout.folder}:${name}`;

  describe.each([...FORMATS])("in format %s", (format) => {
    const output = (...words: string[]) => place.output(words, options(format));

    test("shows the same tree, users by its own names, and takes changes", async () => {
      const text = await output("-u", "0:0", reference("good"), "sh", "-c", LOOK);
      expect(text).toContain("-rwsr-x---");
      expect(text).toContain("linked\n");
      expect(text).toContain("drwxr-x--t 5:6 /\n");
      seen ??= text;
      expect(text).toBe(seen);
      const account = await output("-u", "other", reference("good"), "sh", "-c", "id; echo $HOME");
      expect(account).toBe("uid=77(other) gid=88(others) groups=88(others),99(more)\n/other\n");
    });

    test("is mounted without waiting for the disk for a container that goes with its end", async () => {
      const [mount = ""] = (await output(reference("good"), "cat", "/proc/mounts")).split("\n");
      expect(mount).toStartWith("overlay / ");
      expect(mount).toContain("volatile");
    });

    test("is mounted again for such a container when its first start failed", () => {
      const ocicat = (command: string, ...words: string[]): string => {
        const child = Bun.spawnSync([OCICAT, command, ...place.flags, ...words], {
          env: { ...process.env, ...options(format).env },
        });
        return child.stderr.toString();
      };
      expect(ocicat("create", "--rm", "--name", "twice", reference("good"), "nosuch")).toBe("");
      const first = ocicat("start", "twice");
      expect(first).toContain('exec: "nosuch": executable file not found');
      expect(ocicat("start", "twice")).toBe(first);
      expect(ocicat("rm", "-f", "twice")).toBe("");
    });

    test("is found by its ID once it is there", async () => {
      await output(reference("good"), "true");
      const id = good.digest.slice("sha256:".length, "sha256:".length + 12);
      expect(await output("--pull", "never", id, "echo", "found")).toBe("found\n");
    });

    test("without layers has what is mounted into it", async () => {
      const mounts = ["-v", `${place.folder}/rootfs/bin:/bin:ro`];
      expect(await output(...mounts, reference("empty"), "/bin/echo", "empty")).toBe("empty\n");
    });

    test("with a link to nothing is refused", async () => {
      const { status, stderr } = await place.run([reference("bad"), "true"], options(format));
      expect({ status, isTold: stderr.includes('"no" does not exist') }).toEqual({
        status: 125,
        isTold: true,
      });
    });
  });

  test.skipIf(!HAS_TMPFS)(
    "with /dev/shm: a store that was moved to where EROFS cannot be mounted is unpacked there",
    async () => {
      await place.output([reference("good"), "true"], options("erofs"));
      const moved = mkdtempSync("/dev/shm/oct-store-");
      try {
        expect(Bun.spawnSync(["cp", "-a", `${place.store}/.`, moved]).exitCode).toBe(0);
        const words = ["--store", moved, reference("good"), "cat", "/home/new"];
        expect(await place.output(words)).toBe("new\n");
        expect(await place.output(words)).toBe("new\n");
      } finally {
        rmSync(moved, { recursive: true });
      }
    },
  );
});
