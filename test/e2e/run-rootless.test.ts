// `ocicat run` and `ocicat-runtime` for an ordinary user, with a single id and with ids lent by
// /etc/subuid.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { defaultSpec } from "../../src/oci/default-spec.ts";
import { TerminalSession } from "../peers/terminal.ts";
import { makeBusyboxRoot, makeLayout } from "./busybox-image.ts";
import { LENT, OrdinaryUser, USER_ID } from "./ordinary-user.ts";
import { OCICAT, RunPlace } from "./run-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const NEEDS_MAPS = ["newuidmap", "newgidmap"].some((program) => Bun.which(program) === null);

describe.skipIf(NEEDS_ROOT)("started by root: an ordinary user", () => {
  const place = new RunPlace("ordinary");
  let root = "";
  let image = "";
  let shared = "";
  const user = new OrdinaryUser(place);
  let program = "";
  beforeAll(() => {
    root = makeBusyboxRoot(place.makeFolder("rootfs"));
    image = makeLayout(place.folder, root);
    shared = place.makeFolder("shared");
    user.takeOver();
    program = user.executable();
  });
  afterEach(() => place.expectNothingLeft());
  afterAll(() => place.remove());

  const run = (ids: "single" | "lent", ...words: string[]) =>
    place.run(words, { prefix: user.prefix(ids), program });
  const output = (ids: "single" | "lent", ...words: string[]) =>
    place.output(words, { prefix: user.prefix(ids), program });
  const sh = (ids: "single" | "lent", script: string, ...flags: string[]) =>
    output(ids, ...flags, image, "sh", "-c", script);
  const table = (text: string) =>
    text
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map(Number));

  describe("--group-add keep-groups", () => {
    const PROJECT = 77_777;
    const idKinds = NEEDS_MAPS ? (["single"] as const) : (["single", "lent"] as const);
    const ocicat = (ids: "single" | "lent", ...words: string[]) => {
      const child = Bun.spawnSync([...user.prefix(ids, [PROJECT]), program, ...words]);
      return `${child.stdout}${child.stderr}`;
    };

    test.each(idKinds)("%s: a folder of the user's group, for a run and an exec", (ids) => {
      const folder = place.makeFolder(`project-${ids}`);
      writeFileSync(join(folder, "data"), "of the project\n");
      chownSync(folder, 0, PROJECT);
      chmodSync(folder, 0o2770);
      const flags = ["--store", place.store, "--name", place.newName(), "-v", `${folder}:/project`];
      const read = ["cat", "/project/data"];
      const keep = ["--group-add", "keep-groups"];
      expect(ocicat(ids, "run", "--rm", ...flags, ...keep, image, ...read)).toBe(
        "of the project\n",
      );
      if (ids === "lent") {
        expect(ocicat(ids, "run", "--rm", ...flags, image, ...read)).toContain("Permission denied");
      }
      const [, , , name = ""] = flags;
      ocicat(ids, "run", "-d", ...flags, ...keep, image, "sleep", "1000");
      expect(ocicat(ids, "exec", "--store", place.store, name, ...read)).toBe("of the project\n");
      const format = ["--format", "{{.HostConfig.GroupAdd}}"];
      expect(ocicat(ids, "inspect", "--store", place.store, ...format, name)).toBe(
        "[keep-groups]\n",
      );
      ocicat(ids, "rm", "--store", place.store, "-f", name);
    });

    test("others beside them, and the groups of root, are refused", async () => {
      const words = ["--group-add", "keep-groups", image, "true"];
      const beside = await run("single", "--group-add", "5", ...words);
      expect([beside.status, beside.stderr]).toEqual([
        125,
        expect.stringContaining("no other groups can be added"),
      ]);
      const ofRoot = await place.run(words);
      expect([ofRoot.status, ofRoot.stderr]).toEqual([
        125,
        expect.stringContaining("whose groups are the host's"),
      ]);
    });
  });

  describe("a single id", () => {
    test("hello", async () => {
      const text = await output("single", "hello");
      expect(text).toMatch(new RegExp(`uid map +0 +${USER_ID} +1\\n`));
      expect(text).toContain("  pid           1\n");
    });

    test.each([
      ["without a session", ["-u", "XDG_RUNTIME_DIR"]],
      ["with another user's", ["XDG_RUNTIME_DIR=/tmp"]],
    ])("%s: the state is in a folder of the user's own", (_, variable) => {
      const words = ["--rm", "--store", place.store, "--rootfs", root, "/bin/echo", "here"];
      const sessionless = ["env", ...variable, program, "run", ...words];
      const child = Bun.spawnSync([...user.prefix("single"), ...sessionless]);
      expect([child.exitCode, child.stdout.toString()]).toEqual([0, "here\n"]);
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
      const folder = `/tmp/ocicat-${USER_ID}-${boot}`;
      const { uid, mode } = statSync(folder);
      expect([uid, mode & 0o777]).toEqual([USER_ID, 0o700]);
      expect(existsSync("/tmp/ocicat")).toBe(false);
      rmSync(folder, { recursive: true });
    });

    test("a folder, an image: root inside, and nobody else", async () => {
      const script = "id -u; cat /proc/self/setgroups; echo x > /etc/issue; cat /etc/issue";
      expect(await sh("single", script)).toBe("0\ndeny\nx\n");
      expect(await output("single", "--rootfs", root, "/bin/cat", "/etc/issue")).toBe(
        "an image for tests\n",
      );
      expect(table(await sh("single", "cat /proc/self/uid_map"))).toEqual([[0, USER_ID, 1]]);
    });

    test("the overlay: files of the image can be changed and removed, folders be made", async () => {
      const script = `cd /; echo more >> etc/issue; rm etc/group; mkdir etc/new; touch etc/new/file
        mv etc/passwd etc/moved; ls etc; cat etc/issue`;
      const files = "hostname\nhosts\nissue\nmoved\nnew\nresolv.conf\n";
      expect(await sh("single", script)).toBe(`${files}an image for tests\nmore\n`);
    });

    test("the overlay: a folder in place of the image's, or a warning that there can be none", async () => {
      const script = "rm -r /home; mkdir /home; touch /home/fresh; ls /home";
      const { stdout, stderr } = await run("single", image, "sh", "-c", script);
      const warned = "warning: the store's file system keeps no user.* attributes";
      expect(stdout === "fresh\n" || stderr.includes(warned)).toBe(true);
    });

    test("devices are there, and others cannot be made", async () => {
      const script =
        "echo x > /dev/null; head -c 4 /dev/urandom | wc -c; head -c 3 /dev/zero | wc -c";
      const names = (await sh("single", `${script}; ls /dev`)).split("\n");
      expect(names.slice(0, 2)).toEqual(["4", "3"]);
      expect(names).toContain("urandom");
      const made = await run("single", image, "busybox", "mknod", "/x", "c", "1", "3");
      expect(made.status).not.toBe(0);
    });

    test("the host's network comes with its sysfs, read-only", async () => {
      const script =
        "ls /sys/class/net; touch /sys/kernel/x 2>&1; touch /sys/fs/cgroup/x 2>&1; true";
      const text = await sh("single", script, "--network", "host");
      expect(text).toContain("lo\n");
      expect(text.match(/Read-only file system/g)).toHaveLength(2);
    });

    test("files made in a volume are the user's", async () => {
      await sh("single", "touch /shared/mine", "-v", `${shared}:/shared`);
      expect(statSync(join(shared, "mine")).uid).toBe(USER_ID);
    });

    test("read-only roots, tmpfs, variables, exit codes", async () => {
      const flags = ["--read-only", "--tmpfs", "/tmp", "-e", "CODE=7"];
      const words = [...flags, image, "sh", "-c", "touch /tmp/x && ! touch /x && exit $CODE"];
      expect((await run("single", ...words)).status).toBe(7);
    });

    test("what it cannot have is said in a sentence", async () => {
      const limited = await run("single", "-m", "64m", "hello");
      expect(limited.stderr).toMatch(/cannot set memory limit|run without limits/);
      expect(limited.status).toBe(125);
      const other = await run("single", "-u", "user", image, "id");
      expect(other.stderr).toContain("the container has no such ids");
      expect(other.status).toBe(125);
    });

    test("a terminal", async () => {
      const command = place.command(["-it", image, "sh"], place.newName(), program);
      const session = new TerminalSession([...user.prefix("single"), ...command]);
      await session.shows("# ");
      session.type("tty; stty size; exit 3\r");
      await session.shows("/dev/pts/0\r\n33 90\r\n");
      expect(await session.ended()).toBe(3);
    });

    test("ocicat-runtime with the configuration of spec --rootless", async () => {
      const bundle = join(place.folder, "bundle");
      mkdirSync(bundle);
      const spec = defaultSpec({ rootless: { uid: USER_ID, gid: USER_ID } });
      const { process: base } = spec;
      const args = [
        "/bin/sh",
        "-c",
        "PATH=/bin; id -u; cat /proc/self/oom_score_adj; ls /sys | grep -c .",
      ];
      const config = {
        ...spec,
        root: { path: root, readonly: true },
        process: { ...base, terminal: false, args, oomScoreAdj: 500 },
      };
      writeFileSync(join(bundle, "config.json"), JSON.stringify(config));
      const runtime = user.executable(join(dirname(OCICAT), "ocicat-runtime"));
      const words = ["--root", place.state, "run", "--bundle", bundle, place.newName()];
      const child = Bun.spawnSync([...user.prefix("single"), runtime, ...words]);
      expect(child.stderr.toString()).toBe("");
      expect(child.stdout.toString()).toMatch(/^0\n500\n[1-9]\d*\n$/);
      expect(child.exitCode).toBe(0);
    });
  });

  describe.skipIf(NEEDS_MAPS)("with newuidmap: lent ids", () => {
    test("are mapped behind the user's own", async () => {
      const maps = [
        [0, USER_ID, 1],
        [1, LENT.start, LENT.count],
      ];
      expect(table(await sh("lent", "cat /proc/self/uid_map"))).toEqual(maps);
      expect(table(await sh("lent", "cat /proc/self/gid_map"))).toEqual(maps);
    });

    test("a user of the image, with its groups and its output", async () => {
      const script = "id; echo by name > /dev/stdout";
      expect(await sh("lent", script, "-u", "user")).toBe(
        "uid=1000(user) gid=1000(user) groups=1000(user),2000(extra)\nby name\n",
      );
    });

    test("files of other users in a volume are those of lent ids", async () => {
      await sh(
        "lent",
        "touch /shared/theirs; chown 1000:2000 /shared/theirs",
        "-v",
        `${shared}:/shared`,
      );
      const { uid, gid } = statSync(join(shared, "theirs"));
      expect([uid, gid]).toEqual([LENT.start + 999, LENT.start + 1999]);
    });

    test("closed folders of other users are removed with the container", async () => {
      const script = `mkdir -m 700 /a /a/b /a/b/c; touch /a/b/c/file /a/file
        chown 1000 /a/b/c /a; chown 2000 /a/b; mkdir -m 0 /closed; chown 33 /closed`;
      expect(await sh("lent", script)).toBe("");
      expect(readdirSync(join(place.store, "containers"))).toEqual([]);
    });

    test("so are those whose names are no UTF-8", async () => {
      const script = `name=$(printf 'n\\377')
        mkdir -m 700 -p "/$name/$name"; touch "/$name/$name/file"
        chown 1000 "/$name/$name" "/$name"`;
      expect(await sh("lent", script)).toBe("");
      expect(readdirSync(join(place.store, "containers"))).toEqual([]);
    });

    test("so are those in a folder that is closed to its own owner", async () => {
      const script = `mkdir -p /closed/theirs/deeper; touch /closed/theirs/deeper/file
        chown -R 33 /closed/theirs; chmod 0 /closed /closed/theirs
        mkdir -p /group/theirs; touch /group/theirs/file
        chown -R 33 /group/theirs; chown 33:0 /group; chmod 705 /group`;
      expect(await sh("lent", script)).toBe("");
      expect(readdirSync(join(place.store, "containers"))).toEqual([]);
    });

    test("so are those that lie deeper than a path can say", async () => {
      const script = `for part in $(seq 3); do
          bottom=/part$part
          for i in $(seq 200); do bottom=$bottom/deep-folder; done
          mkdir -p $bottom; chown -R 33 /part$part
        done
        mv /part1 /part2/$(echo $bottom | cut -d / -f 3-)
        mv /part2 /part3/$(echo $bottom | cut -d / -f 3-)`;
      expect(await sh("lent", script)).toBe("");
      expect(readdirSync(join(place.store, "containers"))).toEqual([]);
    });

    test("a terminal belongs to the process's user", async () => {
      const command = place.command(["-it", "-u", "user", image, "sh"], place.newName(), program);
      const session = new TerminalSession([...user.prefix("lent"), ...command]);
      await session.shows("$ ");
      session.type("stat -c %u $(tty); exit\r");
      await session.shows("1000\r\n");
      expect(await session.ended()).toBe(0);
    });
  });
});
