// Containers of root with a user namespace: whose ids their users have, and whose their files are.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;

const MAP = ["--uidmap", "0:100000:65536", "--gidmap", "0:200000:65536"];
const SCRIPT = `echo new > /new; chown 5:6 /new; echo more:x:9: >> /etc/group; rm /etc/issue
touch /volume/v; chown 9:9 /volume/v; touch /mapped/m; chown 3:4 /mapped/m; echo > /ready; exec sleep 1000`;

describe.skipIf(NEEDS_ROOT)("as root: users of containers", () => {
  const place = new ContainerPlace();
  let bound = "";

  beforeAll(() => {
    bound = place.makeFolder("bound");
    mkdirSync(join(place.root, "suid"));
    copyFileSync(join(place.root, "bin/busybox"), join(place.root, "suid/su"));
    chmodSync(join(place.root, "suid/su"), 0o4755);
    // Without a password, busybox's su needs nothing but its own privilege.
    writeFileSync(join(place.root, "etc/passwd"), "root::0:0::/:/bin/sh\n");
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () =>
      place.leftovers().every((line) => line.startsWith("staging")),
    );
    place.remove();
  });

  const owners = (stdout: string) => [...stdout.matchAll(/ (\d+\/\d+) /g)].map(([, ids]) => ids);

  test("--uidmap: the files of image, volumes and container keep the ids that it sees", async () => {
    const mounts = ["-v", "vol:/volume", "-v", `${bound}:/mapped:idmap`, "-v", `${bound}:/plain`];
    place.detach("mapped", SCRIPT, ...MAP, ...mounts);
    const exec = (...words: string[]) => place.outputOf("exec", "mapped", ...words);
    await eventually(
      "its last file",
      () => place.call("exec", ["mapped", "cat", "/ready"]).status === 0,
    );
    expect(exec("cat", "/proc/self/uid_map", "/proc/self/gid_map").trim().split(/\s+/)).toEqual([
      "0",
      "100000",
      "65536",
      "0",
      "200000",
      "65536",
    ]);
    const seen = exec(
      "stat",
      "-c",
      "%u:%g",
      "/",
      "/new",
      "/volume/v",
      "/mapped/m",
      "/plain/m",
      "/etc/hosts",
    );
    expect(seen.trim().split("\n")).toEqual(["0:0", "5:6", "9:9", "3:4", "65534:65534", "0:0"]);
    expect(place.outputOf("exec", "-u", "33", "mapped", "/suid/su", "-c", "id -u")).toBe("0\n");
    const pid = place.outputOf("inspect", "-f", "{{.State.Pid}}", "mapped").trim();
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(
      /^Uid:\t100000\t.*\nGid:\t200000\t/m,
    );
    const upper = join(place.folderOf("mapped"), "upper");
    const onDisk = [join(upper, "new"), join(upper, "etc/group"), join(bound, "m")].map((path) =>
      statSync(path),
    );
    expect(onDisk.map(({ uid, gid }) => [uid, gid])).toEqual([
      [5, 6],
      [0, 0],
      [3, 4],
    ]);
  });

  test("diff, commit and export know nothing of the maps", async () => {
    const changes = ["D /etc/issue", "C /etc/group", "A /new"];
    expect(place.outputOf("diff", "mapped").split("\n")).toEqual(expect.arrayContaining(changes));
    place.outputOf("commit", "-q", "mapped", "made:1");
    expect(await place.output(["made:1", "stat", "-c", "%u:%g", "/new", "/etc/group"])).toBe(
      "5:6\n0:0\n",
    );
    const archive = join(place.folder, "mapped.tar");
    place.outputOf("export", "-o", archive, "mapped");
    const list = Bun.spawnSync(["tar", "--numeric-owner", "-tvf", archive, "new", "etc/group"]);
    expect(owners(list.stdout.toString())).toEqual(["0/0", "5/6"]);
  });

  test("cp, of one that runs and of one that does not", () => {
    const file = join(place.folder, "file");
    writeFileSync(file, "content\n");
    const listed = () => {
      const { stdout } = place.call("cp", ["mapped:/new", "-"]);
      const input = Buffer.from(stdout, "utf8");
      return owners(
        Bun.spawnSync(["tar", "--numeric-owner", "-tv"], { stdin: input }).stdout.toString(),
      );
    };
    expect(listed()).toEqual(["5/6"]);
    place.outputOf("cp", file, "mapped:/made-by-cp");
    place.outputOf("cp", "-a", "mapped:/new", "mapped:/again");
    expect(place.call("cp", ["-a", file, "mapped:/volume"]).stderr).toBe("");
    place.outputOf("stop", "-t", "0", "mapped");
    expect(listed()).toEqual(["5/6"]);
    place.outputOf("cp", file, "mapped:/made-asleep");
    place.outputOf("start", "mapped");
    const paths = ["/made-by-cp", "/again", "/volume/file", "/made-asleep"];
    const seen = place.outputOf("exec", "mapped", "stat", "-c", "%u:%g", ...paths);
    expect(seen.trim().split("\n")).toEqual(["0:0", "5:6", "0:0", "0:0"]);
    const info = place.outputOf("inspect", "-f", "{{json .HostConfig.IDMappings}}", "mapped");
    expect(JSON.parse(info)).toEqual({ UidMap: ["0:100000:65536"], GidMap: ["0:200000:65536"] });
  });

  test("a folder, hello, a read-only root, a size that leaves out an owner", async () => {
    const rootfs = ["--rootfs", place.root];
    expect(await place.output([...MAP, ...rootfs, "stat", "-c", "%u", "/etc"])).toBe("0\n");
    expect(await place.output([...MAP, "hello"])).toContain("Hello");
    expect(await place.output([...MAP, "--read-only", place.image, "id", "-u"])).toBe("0\n");
    expect(
      await place.output(["--userns", "keep-id", place.image, "cat", "/proc/self/uid_map"]),
    ).toMatch(/^ *0 +0 +4294967295\n$/);
    const small = await place.run(["--uidmap", "0:100000:5", "-u", "9", place.image, "true"]);
    expect([small.status, small.stderr]).toEqual([
      125,
      expect.stringContaining("no such ids\nhint: --uidmap and --gidmap say which ones it has"),
    ]);
  });

  test("keep-id of another id: the same ids, as another user", async () => {
    const flags = ["--userns", "keep-id:uid=200,gid=210"];
    const script = "cat /proc/self/uid_map; id -u; id -g";
    const text = await place.output([...flags, place.image, "sh", "-c", script]);
    expect(text.trim().split(/\s+/)).toEqual(["0", "0", "4294967295", "200", "210"]);
  });

  test("container:, ns:, pods: the ids and the files of another one", async () => {
    place.detach("first", "while :; do sleep 1; done", ...MAP);
    const look = "readlink /proc/self/ns/user; stat -c %u:%g / /etc/hosts /v; touch /v/x";
    const own = place.outputOf("exec", "first", "readlink", "/proc/self/ns/user");
    const pid = place.outputOf("inspect", "-f", "{{.State.Pid}}", "first").trim();
    for (const flags of [
      ["--userns", "container:first", "--network", "container:first", "--ipc", "container:first"],
      ["--userns", `ns:/proc/${pid}/ns/user`],
    ]) {
      const text = await place.output([...flags, "-v", "/v", place.image, "sh", "-c", look]);
      expect([flags, text]).toEqual([flags, `${own}0:0\n0:0\n0:0\n`]);
    }
    const alone = await place.run(["--network", "container:first", place.image, "true"]);
    expect(alone.stderr).toMatch(/own user namespace\nhint: `--userns container:[0-9a-f]{12}`/);
    place.outputOf("rm", "-f", "first");
    place.outputOf("pod create", "--name", "pod", ...MAP);
    const member = [
      "--pod",
      "pod",
      place.image,
      "sh",
      "-c",
      "cat /proc/self/uid_map; stat -c %u /",
    ];
    expect((await place.output(member)).trim().split(/\s+/)).toEqual(["0", "100000", "65536", "0"]);
    place.outputOf("pod rm", "-f", "pod");
  });

  test("--userns auto: no two have the same ids, and what one had is free again", () => {
    const lent = join(place.folder, "subuid");
    writeFileSync(lent, "other:1:100\ncontainers:300000:150000\n");
    const script = `mount --bind ${lent} /etc/subuid; mount --bind ${lent} /etc/subgid; exec "$@"`;
    const create = (name: string, ...flags: string[]) => {
      const command = [
        place.program,
        "create",
        ...place.flags,
        "--name",
        name,
        ...flags,
        place.image,
        "id",
      ];
      return Bun.spawnSync(["unshare", "--mount", "sh", "-c", script, "sh", ...command]);
    };
    const mapOf = (name: string) =>
      place.outputOf("inspect", "-f", "{{index .HostConfig.IDMappings.UidMap 0}}", name).trim();
    for (const name of ["one", "two"]) {
      expect(create(name, "--userns", "auto").stderr.toString()).toBe("");
    }
    expect([mapOf("one"), mapOf("two")]).toEqual(["0:300000:65536", "0:365536:65536"]);
    expect(create("three", "--userns", "auto").stderr.toString()).toContain("are not free");
    expect(create("four", "--userns", "auto:size=1000").exitCode).toBe(0);
    expect(mapOf("four")).toBe("0:431072:1000");
    place.outputOf("rm", "one");
    expect(create("five", "--userns=auto").exitCode).toBe(0);
    expect(mapOf("five")).toBe("0:300000:65536");
    expect(create("six", "--subuidname", "other").exitCode).toBe(0);
    expect(mapOf("six")).toBe("0:1:100");
    expect(create("seven", "--subuidname", "nobody").stderr.toString()).toContain("there are none");
  });

  test.each<[string[], string]>([
    [["--userns", "nomap"], "root has no ids but its own"],
    [["--userns", "sideways"], "it is none of host, auto"],
    [["--userns", "auto:colour=1"], "auto takes size=NUMBER, uidmapping=MAP"],
    [["--userns", "auto", "--uidmap", "0:1:1"], "it does not go with --uidmap"],
    [["--uidmap", "1:1:1"], "leaves the container's root without an id"],
    [["--uidmap", "0:1:10", "--uidmap", "5:100:1"], "it overlaps with 0:1:10"],
    [["-v", "/tmp:/x:idmap"], "idmap has no meaning"],
    [["-v", "/tmp:/x:U"], "files of the host are not given to other users"],
  ])("%p is refused", async (flags, message) => {
    const { status, stderr } = await place.run([...flags, place.image, "true"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining(message)]);
  });
});
