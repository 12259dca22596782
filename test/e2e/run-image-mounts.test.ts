// --mount type=image, devpts and ramfs, and --image-volume.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { makeLayout } from "./busybox-image.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: mounted images", () => {
  const place = new ContainerPlace();
  let other = "";

  beforeAll(() => {
    const root = place.makeFolder("other/root");
    mkdirSync(join(root, "part"));
    writeFileSync(join(root, "file"), "of the other\n");
    writeFileSync(join(root, "part/inner"), "inner\n");
    symlinkSync("/etc", join(root, "out"));
    other = makeLayout(join(place.folder, "other"), root);
  });
  afterEach(async () => {
    place.clear();
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  const mount = (more = "") => `--mount=type=image,source=${other},target=/img${more}`;
  const sh = (script: string, ...flags: string[]) =>
    place.output([...flags, place.image, "sh", "-c", script]);

  test("read-only, a part, with ids of the container's own", async () => {
    expect(await sh("cat /img/file; echo > /img/new 2>/dev/null || echo refused", mount())).toBe(
      "of the other\nrefused\n",
    );
    expect(await sh("ls /img", mount(",subpath=/part"))).toBe("inner\n");
    const mapped = await sh("stat -c %u /img/file", mount(), "--uidmap", "0:100000:1000");
    expect(mapped).toBe("0\n");
    const missing = await place.run([mount(",subpath=/none"), place.image, "true"]);
    expect(missing.stderr).toContain('find "/none" of the image');
    const outside = await place.run([mount(",subpath=/out"), place.image, "true"]);
    expect(outside.stderr).toContain('find "/out" of the image');
  });

  test("writable, as long as the container is there; and the image is kept for it", async () => {
    place.detach("writer", "echo mine >> /img/file; exec sleep 100", mount(",rw=true"));
    const isWritten = () =>
      place.call("exec", ["writer", "cat", "/img/file"]).stdout.includes("mine");
    await eventually("its line", isWritten);
    expect(place.outputOf("diff", "writer")).toBe("");
    const info = JSON.parse(place.outputOf("inspect", "writer"))[0].Mounts;
    expect(info).toMatchObject([{ Type: "image", Source: other, Destination: "/img", RW: true }]);
    place.outputOf("stop", "-t", "0", "writer");
    place.onImages("image prune", "-a", "-f");
    place.outputOf("start", "writer");
    expect(place.outputOf("exec", "writer", "cat", "/img/file")).toStartWith(
      "of the other\nmine\n",
    );
    expect(place.call("cp", ["writer:/img/file", "-"]).status).toBe(0);
  });

  test("devpts and ramfs", async () => {
    const flags = ["--mount=type=ramfs,target=/ram,mode=0700", "--mount=type=devpts,target=/pts"];
    const seen = await sh("grep -E ' /(ram|pts) ' /proc/self/mounts | cut -d' ' -f2,3", ...flags);
    expect(seen.trim().split("\n").toSorted()).toEqual(["/pts devpts", "/ram ramfs"]);
  });

  test("--image-volume", async () => {
    place.detach("base", "true");
    place.outputOf("wait", "base");
    place.outputOf("commit", "-q", "-c", "VOLUME /data", "base", "with-volume:1");
    const run = (...flags: string[]) =>
      place.output([
        ...flags,
        "with-volume:1",
        "sh",
        "-c",
        "grep ' /data ' /proc/mounts | cut -d' ' -f3",
      ]);
    expect(await run("--image-volume", "ignore")).toBe("");
    expect(await run("--image-volume", "tmpfs")).toBe("tmpfs\n");
    expect(await run("--image-volume", "bind")).not.toBe("");
    expect(place.outputOf("volume ls", "-q")).toBe("");
    const refused = await place.run(["--image-volume", "lamp", place.image, "true"]);
    expect([refused.status, refused.stderr]).toEqual([125, expect.stringContaining("bind, tmpfs")]);
  });
});
