// The commands on volumes.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const HAS_LOOP = existsSync("/dev/loop-control");

describe.skipIf(NEEDS_ROOT)("as root: volume", () => {
  const place = new ContainerPlace();
  afterEach(async () => {
    place.clear();
    rmSync(join(place.store, "volumes"), { recursive: true, force: true });
    await place.expectNothingLeft();
  });
  afterAll(() => place.remove());

  const names = (...filters: string[]) =>
    place.outputOf("volume ls", "-q", ...filters.flatMap((each) => ["--filter", each]));

  test("create, ls, inspect, rm", () => {
    expect(place.outputOf("volume create", "-l", "of=web", "one")).toBe("one\n");
    expect(place.outputOf("volume create", "one")).toBe("one\n");
    expect(place.outputOf("volume create")).toMatch(/^[0-9a-f]{64}\n$/);
    place.outputOf("volume create", "two");
    expect(names("name=o")).toBe("one\ntwo\n");
    expect(names("label=of=web")).toBe("one\n");
    expect(names("label!=of")).not.toContain("one");
    place.outputOf("volume create", "-l", "of=web", "-l", "for=tests", "three");
    expect(names("label=of=web", "label=for")).toBe("three\n");
    expect(names("name=^t", "scope=local", "until=1h")).toBe("");
    expect(names("name=^t")).toBe("three\ntwo\n");
    expect(names("opt=type=none")).toBe("");
    expect(place.outputOf("volume ls", "--noheading", "-f", "name=two")).toMatch(/^local +two\n$/);
    expect(JSON.parse(place.outputOf("volume inspect", "--all"))).toHaveLength(4);
    expect(place.outputOf("volume rm", "three")).toBe("three\n");
    const table = place.outputOf("volume ls", "--filter", "name=two");
    expect(table).toMatch(/^DRIVER +VOLUME NAME\nlocal +two\n$/);
    const [report] = JSON.parse(place.outputOf("volume inspect", "one"));
    expect(report).toMatchObject({
      Name: "one",
      Driver: "local",
      Labels: { of: "web" },
      Mountpoint: join(place.store, "volumes/one/_data"),
    });
    expect(place.outputOf("volume rm", "one", "two")).toBe("one\ntwo\n");
    const gone = place.call("volume rm", ["one"]);
    expect([gone.status, gone.stderr]).toEqual([1, expect.stringContaining('volume "one"')]);
    expect(place.outputOf("volume rm", "-f", "one")).toBe("one\n");
    expect(place.outputOf("volume rm", "--all")).toMatch(/^[0-9a-f]{64}\n$/);
    expect(place.call("volume create", ["a/b"]).stderr).toContain("it is not made of letters");
    expect(place.call("volume ls", ["--filter", "size=1"]).stderr).toContain("the filter");
  });

  test("one whose record a power cut has torn is there, and stays until it is named", () => {
    place.outputOf("volume create", "-l", "of=web", "torn");
    for (const text of ["", "\0\0", '{"version": 1, "cre', "null"]) {
      writeFileSync(join(place.store, "volumes/torn/volume.json"), text);
      expect(names()).toBe("torn\n");
      expect(names("label=of")).toBe("");
      expect(place.outputOf("volume prune", "--force")).toBe("");
      const [{ CreatedAt }] = JSON.parse(place.outputOf("volume inspect", "torn"));
      expect(Date.now() - Date.parse(CreatedAt)).toBeLessThan(86_400_000);
    }
    place.detach("user", "sleep 100", "-v", "torn:/data");
    place.outputOf("rm", "-f", "user");
    expect(place.outputOf("volume rm", "torn")).toBe("torn\n");
  });

  test("one of a later version is told of, and holds up no other", () => {
    place.outputOf("volume create", "later");
    place.outputOf("volume create", "sound");
    writeFileSync(join(place.store, "volumes/later/volume.json"), '{"version":9}');
    const { status, stdout, stderr } = place.call("volume ls", ["-q"]);
    expect([status, stdout]).toEqual([0, "sound\n"]);
    expect(stderr).toContain('volume "later" is not listed');
    expect(place.call("volume prune", ["--all", "--force"]).stdout).toBe("sound\n");
    expect(place.call("system df", []).status).toBe(0);
  });

  test("one that a container has is not removed, and the container is named", () => {
    place.detach("user", "sleep 100", "-v", "mine:/data", "-v", "/own");
    expect(names("dangling=true")).toBe("");
    const refused = place.call("volume rm", ["mine"]);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining("it is in use by user"),
    ]);
    expect(place.outputOf("volume prune", "-a", "-f")).toBe("");
    place.outputOf("rm", "-f", "user");
    mkdirSync(join(place.store, "volumes/.half-made/_data"), { recursive: true });
    expect(place.outputOf("volume prune", "-f")).toMatch(/^[0-9a-f]{64}\n$/);
    expect(names()).toBe("mine\n");
    expect(place.outputOf("volume prune", "-a", "-f")).toBe("mine\n");
    expect(names()).toBe("");
  });

  test("system df counts them, and system check knows the folder", () => {
    place.outputOf("volume create", "unused");
    place.detach("user", "sleep 100", "-v", "used:/data");
    const lines = place.outputOf("system df", "--format", "json").trim().split("\n");
    const rows = lines.map((line) => JSON.parse(line));
    expect(rows.find(({ Type }) => Type === "Local Volumes")).toMatchObject({
      TotalCount: "2",
      Active: "1",
    });
    expect(place.outputOf("system df", "-v")).toMatch(/\nunused +0 +\S+\nused +1 +/);
    const format = "{{range .Containers}}{{.Names}} {{.Status}}{{end}}{{json .Volumes}}";
    expect(place.outputOf("system df", "-v", "--format", format)).toMatch(
      /^user running\[\{"Name":"unused","Links":"0","Size":"\S+"\},\{"Name":"used","Links":"1",/,
    );
    expect(place.call("system check", []).stdout).not.toContain("volumes");
  });

  test("--opt: a folder of the host, shown as such", async () => {
    const folder = place.makeFolder("own");
    await Bun.write(join(folder, "file"), "of the host\n");
    const options = ["-o", "type=none", "-o", `device=${folder}`, "-o", "o=bind"];
    place.outputOf("volume create", ...options, "shown");
    place.outputOf("volume create", ...options.slice(0, 5), "o=bind,ro", "fixed");
    const [report] = JSON.parse(place.outputOf("volume inspect", "shown"));
    expect(report.Options).toEqual({ type: "none", device: folder, o: "bind" });
    expect(names("opt=o=bind")).toBe("shown\n");
    const script = "cat /a/file; echo new > /a/new; echo x > /b/new";
    const { stdout, stderr } = await place.run([
      ...["-v", "shown:/a", "-v", "fixed:/b", place.image, "sh", "-c", script],
    ]);
    expect([stdout, stderr]).toEqual([
      "of the host\n",
      expect.stringContaining("Read-only file system"),
    ]);
    expect(await Bun.file(join(folder, "new")).text()).toBe("new\n");
    const archive = join(place.folder, "own.tar");
    place.outputOf("volume export", "-o", archive, "shown");
    expect(place.outputOf("volume create", ...options, "shown")).toBe("shown\n");
    place.outputOf("volume create", "plain");
    for (const other of ["shown", "plain"]) {
      const { status, stderr } = place.call("volume create", ["-o", "type=tmpfs", other]);
      expect([status, stderr]).toEqual([1, expect.stringContaining("with other options")]);
    }
    place.outputOf("volume rm", "plain");
    expect(Bun.spawnSync(["tar", "-tf", archive]).stdout.toString()).toContain("new\n");
    place.outputOf("volume rm", "shown", "fixed");
    expect(await Bun.file(join(folder, "file")).text()).toBe("of the host\n");
  });

  test("--opt: memory, of one container at a time", async () => {
    const options = ["-o", "type=tmpfs", "-o", "device=tmpfs", "-o", "o=size=64k,mode=700"];
    place.outputOf("volume create", ...options, "memory");
    place.detach("first", "sleep 100", "-v", "memory:/data");
    const look = "stat -f -c '%T %b' /data; stat -c %a /data";
    expect(place.outputOf("exec", "first", "sh", "-c", look)).toBe("tmpfs 16\n700\n");
    const second = await place.run(["-v", "memory:/data", place.image, "true"]);
    expect([second.status, second.stderr]).toEqual([
      125,
      expect.stringContaining("it is in the memory of another container, which runs"),
    ]);
    expect(place.call("volume export", ["memory"]).stderr).toContain("in containers alone");
    place.outputOf("rm", "-f", "first");
    expect(await place.output(["-v", "memory:/data", place.image, "ls", "/data"])).toBe("");
  });

  test.skipIf(!HAS_LOOP)(
    "--opt: a file system, as mount takes it (needs loop devices)",
    async () => {
      const file = join(place.folder, "disk");
      expect(Bun.spawnSync(["truncate", "-s", "2M", file]).exitCode).toBe(0);
      expect(Bun.spawnSync(["mkfs.ext4", "-q", file]).exitCode).toBe(0);
      const device = Bun.spawnSync(["losetup", "-f", "--show", file]).stdout.toString().trim();
      try {
        place.outputOf("volume create", "-o", "type=ext4", "-o", `device=${device}`, "disk");
        const words = ["-v", "disk:/data", place.image, "sh", "-c"];
        await place.output([...words, "echo kept > /data/file"]);
        expect(await place.output([...words, "cat /data/file; stat -f -c %T /data"])).toBe(
          "kept\next2/ext3\n",
        );
      } finally {
        Bun.spawnSync(["losetup", "-d", device]);
      }
    },
  );

  test("export and import keep what is in it", async () => {
    const { image } = place;
    const fill = "cd /data; echo hi > file; chown 5:6 file; chmod 640 file; ln -s file link";
    await place.output(["-v", "from:/data", image, "sh", "-c", fill]);
    const archive = join(place.folder, "data.tar");
    place.outputOf("volume export", "-o", archive, "from");
    place.outputOf("volume import", "to", archive);
    const look = "cd /data; stat -c '%n %u:%g %a' file; readlink link; cat file";
    expect(await place.output(["-v", "to:/data", image, "sh", "-c", look])).toBe(
      "file 5:6 640\nfile\nhi\n",
    );
    expect(place.call("volume export", ["none"]).stderr).toContain("there is none of this name");
  });
});
