// Volumes of containers: named and anonymous ones, the image's, what they begin with, when they go.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { named, TestLayout } from "../fixtures/image-layout.ts";
import { IMAGE_CONFIG, makeBusyboxRoot } from "./busybox-image.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

describe.skipIf(NEEDS_ROOT)("as root: volumes", () => {
  const place = new VolumePlace();
  let image = "";
  beforeAll(() => {
    image = place.image;
  });
  afterEach(async () => {
    place.clear();
    rmSync(join(place.store, "volumes"), { recursive: true, force: true });
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  const sh = (script: string, ...flags: string[]) =>
    place.output([...flags, image, "sh", "-c", script]);
  const volumes = () => {
    const folder = join(place.store, "volumes");
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  };
  const data = (name: string, path = "") => join(place.store, "volumes", name, "_data", path);

  test("a part of a volume, made where it is not there, and of memory there is none", async () => {
    const part = "type=volume,source=mine,target=/data";
    await sh("echo one > /data/file", "--mount", `${part},volume-subpath=a/b`);
    expect(await sh("cat /data/b/file; ls /data", "--mount", `${part},subpath=a`)).toBe("one\nb\n");
    expect(volumes()).toEqual(["mine"]);
    await sh("ln -s /etc /data/a/etc; ln -s /a /data/inside", "-v", "mine:/data");
    expect(await sh("cat /data/file", "--mount", `${part},subpath=inside/b`)).toBe("one\n");
    const { status, stderr } = await place.run([
      "--mount",
      `${part},subpath=a/etc/passwd`,
      image,
      "true",
    ]);
    expect([status, stderr]).toEqual([
      125,
      expect.stringContaining('/a/etc/passwd": not a directory'),
    ]);
    place.outputOf("volume create", "-o", "type=tmpfs", "memory");
    const memory = ["--mount", "type=volume,source=memory,target=/m,subpath=x"];
    expect((await place.run([...memory, image, "true"])).stderr).toContain(
      'mount a part of the volume "memory": it is mounted (tmpfs) in containers alone',
    );
  });

  test("a named volume keeps what containers write", async () => {
    await sh("echo one > /data/file", "-v", "mine:/data");
    expect(await sh("cat /data/file", "-v", "mine:/data:ro")).toBe("one\n");
    const { status, stderr } = await place.run(["-v", "mine:/data:ro", image, "touch", "/data/x"]);
    expect([status, stderr]).toEqual([1, expect.stringContaining("Read-only file system")]);
    expect(volumes()).toContain("mine");
  });

  test("a new volume begins with what the image has there: owners, modes, links, attributes", async () => {
    const script = "cd /srv/app; stat -c '%n %u:%g %a' . file inner; readlink link; cat inner/deep";
    const expected = ". 7:8 1751\nfile 1000:1000 4755\ninner 0:5 700\nfile\ndeep\n";
    expect(await sh(script)).toBe(expected);
    expect(await sh(script, "-v", "app:/srv/app")).toBe(expected);
    // Only the first time.
    await sh("rm /srv/app/file", "-v", "app:/srv/app");
    expect(await sh("ls /srv/app", "-v", "app:/srv/app")).toBe("inner\nlink\n");
    const times = [statSync(data("app", "inner/deep")).mtimeMs, Date.UTC(2020, 1, 2)];
    expect(times[0]).toBe(times[1]);
  });

  test("nocopy leaves it empty, and so does a path that the image lacks", async () => {
    expect(await sh("ls -A /srv/app", "-v", "a:/srv/app:nocopy")).toBe("");
    expect(await sh("ls -A /new", "-v", "b:/new")).toBe("");
    const mount = "type=volume,src=c,dst=/srv/app,volume-nocopy";
    expect(await sh("ls -A /srv/app", "--mount", mount)).toBe("");
  });

  test("what is asked for in the place of the image's volume takes it, however it is written", async () => {
    for (const [index, path] of ["/var/lib/db/", "//var/lib/./db", "/var/x/../lib/db"].entries()) {
      await sh("touch /var/lib/db/kept", "-v", `mine${index}:${path}`);
      expect(existsSync(data(`mine${index}`, "kept"))).toBe(true);
    }
    const script = "grep -c ' /var/lib/db ' /proc/mounts; stat -f -c %T /var/lib/db";
    expect(await sh(script, "--tmpfs", "/var/lib/db/")).toBe("1\ntmpfs\n");
    expect(volumes()).toEqual(["mine0", "mine1", "mine2"]);
    place.detach("shown", "sleep 100", "-v", "mine0:/var/lib/db/");
    const places = "{{range .Mounts}}{{.Destination}} {{end}}";
    expect(place.outputOf("inspect", "-f", places, "shown")).toBe("/var/lib/db \n");
  });

  test("volumes without a name, and the image's, go with --rm and rm -v alone", async () => {
    expect(await sh("ls /srv/app; ls /var/lib", "-v", "/srv/app")).toBe("file\ninner\nlink\ndb\n");
    expect(volumes()).toEqual([]);
    place.detach("keeper", "echo kept > /var/lib/db/file; sleep 100", "-v", "/more");
    expect(volumes()).toHaveLength(2);
    expect(place.call("rm", ["-f", "keeper"]).status).toBe(0);
    expect(volumes()).toHaveLength(2);
    place.detach("taker", "sleep 100", "-v", "named:/more");
    expect(volumes()).toHaveLength(4);
    expect(place.call("rm", ["-f", "-v", "taker"]).status).toBe(0);
    expect(volumes()).toHaveLength(3);
    expect(volumes()).toContain("named");
  });

  test("a started container sees the same volumes again", () => {
    place.detach("again", "echo x >> /var/lib/db/log; wc -l < /var/lib/db/log");
    place.outputOf("wait", "again");
    place.outputOf("start", "again");
    place.outputOf("wait", "again");
    expect(place.outputOf("logs", "again")).toBe("1\n2\n");
  });

  test("a container that does not come to run leaves no volumes of its own", async () => {
    const { status } = await place.run(["-v", "/x", image, "/no/such/program"]);
    expect([status, volumes()]).toEqual([127, []]);
  });

  test("an inner mount is seen whatever the order of the flags", async () => {
    const flags = ["-v", "in:/data/inner", "--tmpfs", "/data"];
    expect(await sh("grep -c ' /data' /proc/mounts; touch /data/inner/x", ...flags)).toBe("2\n");
    expect(existsSync(data("in", "x"))).toBe(true);
  });

  test("names of another kind are refused", async () => {
    const refusal = async (...flags: string[]) =>
      (await place.run([...flags, image, "true"])).stderr;
    expect(await refusal("-v", "a b:/data")).toContain("the volume's name");
    expect(volumes()).toEqual([]);
  });
});

/** Its image has a folder to copy, and a volume of its own. */
class VolumePlace extends ContainerPlace {
  #made = "";

  override get image(): string {
    if (this.#made === "") {
      this.#made = makeImage(this);
    }
    return this.#made;
  }
}

function makeImage(place: ContainerPlace): string {
  const root = makeBusyboxRoot(place.makeFolder("volume-root"));
  mkdirSync(join(root, "srv/app/inner"), { recursive: true });
  mkdirSync(join(root, "var/lib/db"), { recursive: true });
  writeFileSync(join(root, "srv/app/file"), "file\n");
  writeFileSync(join(root, "srv/app/inner/deep"), "deep\n");
  const script = `cd srv/app; ln -s file link
    chown 1000:1000 file; chmod 4755 file; chown 0:5 inner; chmod 700 inner
    touch -d 2020-02-02T00:00:00Z inner/deep; chown 7:8 .; chmod 1751 .`;
  expect(Bun.spawnSync(["sh", "-e", "-c", script], { cwd: root }).exitCode).toBe(0);
  const layer = Bun.spawnSync(["tar", "-C", root, "--numeric-owner", "-c", "."]).stdout;
  const layout = new TestLayout(join(place.folder, "volume-layout"));
  const config = { ...IMAGE_CONFIG, Volumes: { "/var/lib/db/": {} } };
  layout.setIndex([named(layout.addImage({ layers: [layer], config }), "latest")]);
  return `oci:${join(place.folder, "volume-layout")}:latest`;
}
