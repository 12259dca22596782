// Mounted images: once for all their users, in this process and in others, and gone with the last one.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquireImageMount, removeUnusedImageMounts } from "../../src/image/image-mount.ts";
import { chosenFormat } from "../../src/image/layers/format-choice.ts";
import type { ErofsRoot } from "../../src/image/record.ts";
import { resolveImage } from "../../src/image/resolve.ts";
import { detachMount } from "../../src/sys/mount.ts";
import { TestLayout } from "../fixtures/image-layout.ts";
import { archive } from "../fixtures/tar-archive.ts";

const CANNOT = chosenFormat(tmpdir()).format !== "erofs";

describe.skipIf(CANNOT)("where EROFS works: a mounted image", () => {
  let folder = "";
  let images: { readonly single: ErofsRoot; readonly merged: ErofsRoot };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ocicat-mounts-"));
    const layers = [archive({ name: "a", data: "of a" }), archive({ name: "b", data: "of b" })];
    images = { single: await stored(layers.slice(0, 1)), merged: await stored(layers) };
  });
  beforeEach(() => expect(mountsBelow(folder)).toEqual([]));
  afterEach(() => {
    expect(mountsBelow(folder)).toEqual([]);
    expect(readdirSync(join(folder, "state/.images"))).toEqual([]);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const place = () => ({ storeRoot: join(folder, "store"), stateRoot: join(folder, "state") });

  async function stored(layers: readonly Buffer[]): Promise<ErofsRoot> {
    const layout = new TestLayout(mkdtempSync(join(folder, "layout-")));
    layout.setIndex([layout.addImage({ layers })]);
    const { storeRoot } = place();
    using image = await resolveImage(`oci:${layout.folder}`, { storeRoot, format: "erofs" });
    if (image.root.format !== "erofs") {
      throw new Error("it is not in the format that was asked for");
    }
    return image.root;
  }

  test("of one layer is its layer file, of several a merged image of them", () => {
    expect(images.single.devices).toEqual([]);
    expect(images.merged.devices).toHaveLength(2);
    using one = acquireImageMount(images.single, place());
    using two = acquireImageMount(images.merged, place());
    expect(readdirSync(one.path)).toEqual(["a"]);
    expect(readdirSync(two.path).sort()).toEqual(["a", "b"]);
    expect(readFileSync(join(two.path, "b"), "utf8")).toBe("of b");
    expect(mountsBelow(folder)).toHaveLength(2);
  });

  test("is mounted once for all, and the last one to let go unmounts", () => {
    using first = acquireImageMount(images.merged, place());
    {
      using second = acquireImageMount(images.merged, place());
      expect(second.path).toBe(first.path);
      expect(mountsBelow(folder)).toHaveLength(1);
    }
    expect(readFileSync(join(first.path, "a"), "utf8")).toBe("of a");
    expect(removeUnusedImageMounts(place().stateRoot)).toEqual([]);
    expect(readFileSync(join(first.path, "a"), "utf8")).toBe("of a");
  });

  test("stays for a process that inherited a lock, and is found unused after it", async () => {
    const { stateRoot } = place();
    let holder: Bun.Subprocess<"pipe"> | undefined;
    let path = "";
    {
      using mount = acquireImageMount(images.merged, place());
      using lock = mount.shareLock();
      path = mount.path;
      const stdio = ["pipe", "ignore", "inherit", lock.number] as const;
      holder = Bun.spawn(["cat"], { stdio: [...stdio] });
    }
    expect(existsSync(join(path, "a"))).toBe(true);
    expect(removeUnusedImageMounts(stateRoot)).toEqual([]);
    await holder.stdin.end();
    await holder.exited;
    expect(mountsBelow(folder)).toHaveLength(1);
    // The next user takes it over, and takes it away.
    {
      using again = acquireImageMount(images.merged, place());
      expect(again.path).toBe(path);
      expect(mountsBelow(folder)).toHaveLength(1);
    }
    expect(mountsBelow(folder)).toEqual([]);
  });

  test("that a killed process has left is removed", async () => {
    const { stateRoot } = place();
    const module = JSON.stringify(join(import.meta.dir, "../../src/image/image-mount.ts"));
    const code = `
      const { acquireImageMount } = await import(${module});
      globalThis.kept = acquireImageMount(...JSON.parse(process.argv.at(-1)));
      console.log("mounted");
      await new Promise(() => setInterval(() => undefined, 1000));
    `;
    const request = JSON.stringify([images.merged, place()]);
    const child = Bun.spawn([process.execPath, "-e", code, request], { stdout: "pipe" });
    await child.stdout.getReader().read();
    expect(removeUnusedImageMounts(stateRoot)).toEqual([]);
    child.kill("SIGKILL");
    await child.exited;
    expect(mountsBelow(folder)).toHaveLength(1);
    const [path = "", ...others] = removeUnusedImageMounts(stateRoot);
    expect(others).toEqual([]);
    expect(existsSync(path)).toBe(false);
    expect(mountsBelow(folder)).toEqual([]);
  });

  test("whose mount somebody took away is mounted again", () => {
    using first = acquireImageMount(images.merged, place());
    detachMount(first.path);
    using second = acquireImageMount(images.merged, place());
    expect(readdirSync(second.path).sort()).toEqual(["a", "b"]);
  });

  test("many processes at once: each sees it, one mount, none is left", async () => {
    const module = JSON.stringify(join(import.meta.dir, "../../src/image/image-mount.ts"));
    const code = `
      const { acquireImageMount } = await import(${module});
      for (let round = 0; round < 50; round += 1) {
        using mount = acquireImageMount(...JSON.parse(process.argv.at(-1)));
        if (await Bun.file(mount.path + "/b").text() !== "of b") process.exit(1);
      }
    `;
    const request = JSON.stringify([images.merged, place()]);
    const children = Array.from({ length: 4 }, () =>
      Bun.spawn([process.execPath, "-e", code, request]),
    );
    expect(await Promise.all(children.map(({ exited }) => exited))).toEqual([0, 0, 0, 0]);
  });

  test("a file that is gone, a file that is no image: an error, and nothing is left", () => {
    const gone = { ...images.merged, image: "layers/gone.merged.erofs", key: "gone" };
    expect(() => acquireImageMount(gone, place())).toThrow("no such file or directory");
    const wrong = { ...images.merged, image: "index.json", key: "wrong" };
    expect(() => acquireImageMount(wrong, place())).toThrow();
    const tooFew = { ...images.merged, devices: images.merged.devices.slice(1), key: "few" };
    expect(() => acquireImageMount(tooFew, place())).toThrow();
  });
});

function mountsBelow(folder: string): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.filter((line) => line.includes(folder));
}
