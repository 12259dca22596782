// User namespaces of containers that an ordinary user runs: whose files are whose, on both sides, and that no
// map reaches further than what is lent.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { eventually } from "../peers/conditions.ts";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { LENT, OrdinaryUser, USER_ID } from "./ordinary-user.ts";
import { RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NEEDS_MAPS = ["newuidmap", "newgidmap"].some((program) => Bun.which(program) === null);
const { start } = LENT;

describe.skipIf(NEEDS_ROOT || NEEDS_MAPS)("started by root: an ordinary user's ids", () => {
  const place = new RunPlace("ordinary");
  const user = new OrdinaryUser(place);
  let program = "";
  let image = "";
  let shared = "";
  beforeAll(() => {
    const root = makeBusyboxRoot(place.makeFolder("rootfs"));
    mkdirSync(join(root, "data"));
    writeFileSync(join(root, "data/file"), "of the image\n");
    chownSync(join(root, "data"), 33, 44);
    chownSync(join(root, "data/file"), 33, 44);
    chmodSync(join(root, "data/file"), 0o4755);
    mkdirSync(join(root, "closed"), { mode: 0o700 });
    // Its root needs no password: whoever may run su becomes root, by the privilege of a file.
    writeFileSync(join(root, "etc/passwd"), "root::0:0::/:/bin/sh\n");
    image = makeLayout(place.folder, root);
    shared = place.makeFolder("shared");
    user.takeOver();
    program = user.executable();
  });
  afterAll(async () => {
    output("pod rm", "-f", "--all");
    output("rm", "-f", "--all");
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  const call = (command: string, words: readonly string[], ids: "lent" | "single" = "lent") =>
    spawn([...command.split(" "), ...place.flags, ...words], ids);

  function spawn(line: readonly string[], ids: "lent" | "single") {
    const child = Bun.spawnSync([...user.prefix(ids), program, ...line], { cwd: place.folder });
    return {
      status: child.exitCode,
      stdout: child.stdout.toString(),
      stderr: child.stderr.toString(),
    };
  }

  function output(command: string, ...words: readonly string[]): string {
    const { status, stdout, stderr } = call(command, words);
    expect([command, status, stderr]).toEqual([command, 0, ""]);
    return stdout;
  }

  const sh = (script: string, ...flags: readonly string[]) =>
    output("run", "--rm", ...flags, image, "sh", "-c", script);
  const mapOf = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).join(":"));
  const copies = () =>
    readdirSync(join(place.store, "layers")).filter((name) => name.includes(".map-"));

  const LOOK = `cat /proc/self/uid_map
stat -c %u:%g / /data /data/file /closed /etc/hosts /shared
id -u
id -g`;

  test.each<[string, { flags: string[]; map: string[]; ofShared: string; ids: string[] }]>([
    [
      "keep-id",
      {
        flags: ["--userns", "keep-id"],
        map: [`0:${start}:12345`, "12345:12345:1", `12346:${start + 12_345}:53191`],
        ofShared: "12345:12345",
        ids: ["12345", "12345"],
      },
    ],
    [
      "keep-id of another id",
      {
        flags: ["--userns", "keep-id:uid=200,gid=210"],
        map: [`0:${start}:200`, "200:12345:1", `201:${start + 200}:65336`],
        ofShared: "200:210",
        ids: ["200", "210"],
      },
    ],
    [
      "nomap",
      {
        flags: ["--userns", "nomap"],
        map: [`0:${start}:65536`],
        ofShared: "65534:65534",
        ids: ["0", "0"],
      },
    ],
    [
      "auto",
      {
        flags: ["--userns", "auto:size=1500,uidmapping=5:0:1"],
        map: [`0:${start}:5`, "5:12345:1", `6:${start + 5}:1494`],
        ofShared: "5:65534",
        ids: ["0", "0"],
      },
    ],
    [
      "--uidmap, with the user's group as root's",
      {
        flags: ["--uidmap", "0:1:100", "--gidmap", "0:0:1", "--gidmap", "1:1:100"],
        map: [`0:${start}:100`],
        ofShared: "65534:0",
        ids: ["0", "0"],
      },
    ],
  ])("%s: the image's files have their owners", (_, { flags, map, ofShared, ids }) => {
    const lines = sh(LOOK, ...flags, "-v", `${shared}:/shared`)
      .trim()
      .split("\n");
    expect(mapOf(lines.slice(0, map.length).join("\n"))).toEqual(map);
    const seen = ["0:0", "33:44", "33:44", "0:0", "0:0", ofShared, ...ids];
    expect(lines.slice(map.length)).toEqual(seen);
  });

  test("host: the user's own ids, and no copy", () => {
    const before = copies();
    const words = ["--rm", "--userns", "host", image, "cat", "/proc/self/uid_map"];
    const { status, stdout } = call("run", words);
    expect([status, mapOf(stdout)]).toEqual([0, [`0:${USER_ID}:1`, `1:${start}:65536`]]);
    expect(copies()).toEqual(before);
  });

  test("files made in a folder of the user's and in volumes are the user's where they are inside", () => {
    const mounts = ["-v", `${shared}:/shared`, "-v", "kept:/data"];
    sh("touch /shared/mine", "--userns", "keep-id", ...mounts);
    const script = `touch /shared/roots /data/new
stat -c %u:%g /data /data/file /data/new
echo x >> /etc/hosts`;
    const made = sh(script, "--userns", "keep-id", "-u", "0", ...mounts);
    expect(made).toBe("33:44\n33:44\n0:0\n");
    expect(["mine", "roots"].map((name) => statSync(join(shared, name)).uid)).toEqual([
      USER_ID,
      start,
    ]);
    const data = join(place.store, "volumes/kept/_data");
    expect(["", "file", "new"].map((name) => statSync(join(data, name)).uid - start)).toEqual([
      33, 33, 0,
    ]);
    output("volume rm", "kept");
    expect(existsSync(data)).toBe(false);
  });

  test("the copy is shared, named for its map, and whatever a container does stays out of it", () => {
    sh("true", "--userns", "keep-id");
    const [name = ""] = copies().filter((each) => statSync(layer(each)).uid === start);
    const before = fingerprint(layer(name));
    const count = copies().length;
    const harm = `echo x > /data/file
rm -r /data /bin/ls
chown 5:5 /etc/issue
chmod 777 /closed`;
    sh(harm, "--userns", "keep-id", "-u", "0");
    expect([copies().length, fingerprint(layer(name))]).toEqual([count, before]);
    sh("true", "--userns", "keep-id:uid=7,gid=7");
    expect(copies().length).toBe(count + 1);
    expect(fingerprint(layer(name))).toBe(before);
  });

  const layer = (name: string) => join(place.store, "layers", name, "fs");
  const fingerprint = (path: string) =>
    Bun.spawnSync(["find", path, "-printf", "%P %U %G %m %s %T@ %l\n"]).stdout.toString();

  test("one that is kept: a set-user-id program, inspect, a restart", () => {
    output("run", "-d", "--name", "kept", "--userns", "keep-id", image, "sleep", "1000");
    const script = "cat /bin/busybox > /tmp/su; chmod 4755 /tmp/su";
    output("exec", "-u", "0", "kept", "sh", "-c", script);
    expect(output("exec", "-u", "33", "kept", "/tmp/su", "-c", "id -u")).toBe("0\n");
    const pid = output("inspect", "-f", "{{.State.Pid}}", "kept").trim();
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(
      new RegExp(`^Uid:\\t${USER_ID}\\t.*\\nGid:\\t${USER_ID}\\t`, "m"),
    );
    const way = output("inspect", "-f", "{{.HostConfig.IDMappingsBy}}", "kept");
    expect(way).toBe("a copy of the image\n");
    expect(output("diff", "kept")).toContain("A /tmp/su\n");
    output("restart", "-t", "0", "kept");
    expect(output("exec", "kept", "sh", "-c", "id -u; stat -c %u /tmp/su")).toBe("12345\n0\n");
    output("rm", "-f", "kept");
  });

  test("standard output can be opened by name, also by whom the user is nobody to", () => {
    const script = "echo out > /dev/stdout; echo more >> /dev/stdout";
    for (const flags of [[], ["-u", "33"]]) {
      expect(sh(script, "--userns", "nomap", ...flags)).toBe("out\nmore\n");
    }
  });

  test("container: and ns: have another one's ids, and so has who shares its network", () => {
    output("run", "-d", "--name", "first", "--userns", "auto", image, "sleep", "1000");
    const look = "readlink /proc/self/ns/user; stat -c %u:%g /data";
    const own = output("exec", "first", "sh", "-c", look);
    const pid = output("inspect", "-f", "{{.State.Pid}}", "first").trim();
    for (const flags of [
      ["--userns", "container:first"],
      ["--userns", `ns:/proc/${pid}/ns/user`],
      ["--network", "container:first"],
      ["--userns", "container:first", "--ipc", "container:first", "--pid", "container:first"],
    ]) {
      expect([flags, sh(look, ...flags)]).toEqual([flags, own]);
    }
    const joining = ["--userns", "keep-id", "--network", "container:first", image, "true"];
    expect(call("run", ["--rm", ...joining]).stderr).toContain(
      "it belongs to that container's own user namespace",
    );
    // What `first` has is not given away.
    const second = sh("cat /proc/self/uid_map", "--userns", "auto");
    expect(mapOf(second)[0]).not.toStartWith(`0:${start}:`);
    output("rm", "-f", "first");
  });

  test("a pod with ids of its own: all of its containers have them", () => {
    output("pod create", "--userns", "auto", "--share", "+pid", "--name", "pod");
    const script = "touch /dev/shm/x; sleep 1000";
    output("run", "-d", "--pod", "pod", "--name", "one", image, "sh", "-c", script);
    const made = "until test -e /dev/shm/x; do sleep 0.02; done";
    const look = `${made}; readlink /proc/self/ns/user; stat -c %u:%g /data /dev/shm/x; cat /proc/1/comm`;
    expect(output("exec", "one", "sh", "-c", look)).toBe(sh(look, "--pod", "pod"));
    const own = ["--rm", "--pod", "pod", "--userns", "nomap", image, "true"];
    expect(call("run", own).stderr).toContain('pod "pod" decides that for all of its containers');
    output("pod stop", "-t", "0", "pod");
    output("pod start", "pod");
    output("pod rm", "-f", "pod");
  });

  test.each<[string[], string]>([
    [["--uidmap", "0:1:65537"], "map the user ids 0:1:65537: you have 65537 of them"],
    [["--uidmap", "0:65537:1"], "you have 65537 of them"],
    [["--uidmap", "0:0:1", "--gidmap", "0:100000:5"], "map the group ids 0:100000:5"],
    [["--userns", "auto:size=65537"], "that many in a row are not free"],
    [["--userns", "auto:uidmapping=0:70000:1"], "you have 65537 of them"],
    [["--userns", "ns:/proc/1/ns/nothing"], "no such file or directory"],
    [["--userns", "container:nothing"], 'container "nothing"'],
    [["--subuidname", "root"], "an ordinary user has no others than their own"],
    [["--userns", "auto:size=100", "-u", "100"], "the container has no such ids"],
    [["-v", "/tmp:/x:idmap"], "only root may mount files with other owners"],
  ])("%p is refused", (flags, reason) => {
    const { status, stderr } = call("run", ["--rm", ...flags, image, "true"]);
    expect([status, stderr]).toEqual([125, expect.stringContaining(reason)]);
  });

  test("who is lent no ids is told so", () => {
    const none = "there is none for its root";
    const reasons = { "keep-id": none, nomap: none, auto: "none are lent to you" };
    for (const [mode, reason] of Object.entries(reasons)) {
      const { status, stderr } = call("run", ["--rm", "--userns", mode, image, "true"], "single");
      expect([status, stderr]).toEqual([125, expect.stringContaining(reason)]);
      expect(stderr).toContain("/etc/subuid and /etc/subgid lend ids");
    }
  });

  test("what a killed unpacker has left goes, and so do the copies with their image", () => {
    sh("true", "--userns", "keep-id");
    const [name = ""] = copies();
    // As if it had been killed before the rename.
    const left = join(place.store, "staging", name.replace("sha256-", "sha256-0"));
    Bun.spawnSync(["cp", "-a", join(place.store, "layers", name), left]);
    expect(call("system check", []).stdout).toContain("staging");
    expect(output("system df", "--format", "{{.Type}}")).toContain("Images\n");
    output("system check", "--repair");
    expect(existsSync(left)).toBe(false);
    const { status } = spawn(["image", "prune", "-a", "-f", "--store", place.store], "lent");
    expect(status).toBe(0);
    expect(readdirSync(join(place.store, "layers"))).toEqual([]);
    expect(readdirSync(join(place.store, "images"))).toEqual([]);
  });
});
