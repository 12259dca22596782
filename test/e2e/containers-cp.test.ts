// cp: files into containers and out of them, whether they run or not.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ContainerFolder } from "../../src/engine/containers/container-folder.ts";
import { eventually } from "../peers/conditions.ts";
import { ContainerPlace } from "./container-place.ts";

const NEEDS_ROOT = process.getuid?.() !== 0;
const SPARSE_BYTES = 64 * 2 ** 20;
const MINUTE = 1_700_000_000;

const SCRIPT = `mkdir -p /out/sub; echo text > /out/file; chown 5:6 /out/file; chmod 4755 /out/file
ln -s file /out/link; ln -s /etc/passwd /out/absolute; ln /out/file /out/sub/hard
ln -s /out /way; dd if=/dev/zero of=/out/sparse bs=1 count=1 seek=${SPARSE_BYTES - 1} 2>/dev/null
touch /done; exec sleep 1000`;

describe.skipIf(NEEDS_ROOT)("as root: cp", () => {
  const place = new ContainerPlace();
  let host = "";
  const cp = (...words: readonly string[]) => place.call("cp", words);
  const copied = (...words: readonly string[]) => {
    expect(place.outputOf("cp", ...words)).toBe("");
  };
  const inside = (script: string) => place.outputOf("exec", "box", "sh", "-c", script);

  beforeAll(async () => {
    host = place.makeFolder("host");
    const mounted = place.makeFolder("mounted");
    place.detach("box", SCRIPT, "-v", `${mounted}:/mounted`);
    place.outputOf("create", "--name", "idle", "-v", `${mounted}:/mounted`, place.image);
    place.outputOf("create", "--name", "fixed", "--read-only", place.image);
    place.outputOf("create", "--name", "folder", "--rootfs", place.root, "true");
    await eventually(
      "its last file",
      () => place.call("exec", ["box", "test", "-e", "/done"]).status === 0,
    );
    mkdirSync(join(host, "tree/sub"), { recursive: true });
    writeFileSync(join(host, "tree/file"), "from the host\n");
    chownSync(join(host, "tree/file"), 7, 8);
    utimesSync(join(host, "tree/file"), MINUTE, MINUTE);
    writeFileSync(join(host, "tree/sub/deep"), "deep\n");
    symlinkSync("/etc/passwd", join(host, "tree/link"));
  });
  afterAll(async () => {
    place.clear();
    await eventually("the holders' end", () => place.leftovers().length === 0);
    place.remove();
  });

  test("a folder out of a container: links, hard links, holes; everything is ours", () => {
    copied("box:/out", join(host, "got"));
    expect(readdirSync(join(host, "got")).sort()).toEqual([
      ...["absolute", "file", "link", "sparse", "sub"],
    ]);
    const file = statSync(join(host, "got/file"));
    expect([file.uid, file.gid, file.mode & 0o7777]).toEqual([0, 0, 0o755]);
    expect(readlinkSync(join(host, "got/absolute"))).toBe("/etc/passwd");
    expect(statSync(join(host, "got/sub/hard")).ino).toBe(file.ino);
    const sparse = statSync(join(host, "got/sparse"));
    expect(sparse.size).toBe(SPARSE_BYTES);
    expect(sparse.blocks * 512).toBeLessThan(SPARSE_BYTES / 4);
    copied("-a", "box:/out/file", join(host, "owned"));
    const owned = statSync(join(host, "owned"));
    expect([owned.uid, owned.gid, owned.mode & 0o7777]).toEqual([5, 6, 0o4755]);
  });

  test("links of the container lead nowhere but inside it", () => {
    copied("box:/way/file", join(host, "through"));
    expect(readFileSync(join(host, "through"), "utf8")).toBe("text\n");
    copied("box:/out/absolute", join(host, "itself"));
    expect(lstatSync(join(host, "itself")).isSymbolicLink()).toBe(true);
    copied("-L", "box:/out/absolute", join(host, "target"));
    expect(readFileSync(join(host, "target"), "utf8")).toContain("user:x:1000");
    inside("ln -sfn /etc /out/etc; mkdir -p /etc/inner");
    copied(join(host, "tree/file"), "box:/out/etc/inner/came");
    expect(inside("cat /etc/inner/came")).toBe("from the host\n");
    expect(existsSync("/etc/inner")).toBe(false);
  });

  test("into a container: root's, with modes and times; under another name; content alone", () => {
    copied(join(host, "tree"), "box:/tmp");
    expect(inside("stat -c '%u:%g %Y' /tmp/tree/file; cat /tmp/tree/sub/deep")).toBe(
      `0:0 ${MINUTE}\ndeep\n`,
    );
    copied(join(host, "tree"), "box:/tmp/renamed");
    expect(inside("ls /tmp/renamed; readlink /tmp/renamed/link")).toBe(
      "file\nlink\nsub\n/etc/passwd\n",
    );
    inside("mkdir /tmp/there; echo old > /tmp/there/file");
    copied(`${join(host, "tree")}/.`, "box:/tmp/there");
    expect(inside("cat /tmp/there/file; ls /tmp/there")).toBe("from the host\nfile\nlink\nsub\n");
    copied("-a", join(host, "tree/file"), "box:/tmp/owned");
    expect(inside("stat -c %u:%g /tmp/owned")).toBe("7:8\n");
    copied(join(host, "tree/file"), "box:/mounted/file");
    expect(readFileSync(join(place.folder, "mounted/file"), "utf8")).toBe("from the host\n");
  });

  test("what the kernel makes as it is read, whatever size it says", () => {
    for (const path of ["/proc/version", "/proc/filesystems", "/sys/devices/system/cpu/online"]) {
      copied(`box:${path}`, join(host, "made"));
      expect([path, readFileSync(join(host, "made"), "utf8")]).toEqual([
        path,
        inside(`cat ${path}`),
      ]);
    }
  });

  test("a container that does not run, one of a folder, and one to the other", () => {
    copied(join(host, "tree"), "idle:/home/");
    copied("idle:/home/tree/file", join(host, "back"));
    expect(readFileSync(join(host, "back"), "utf8")).toBe("from the host\n");
    expect(place.outputOf("diff", "idle")).toContain("A /home/tree/sub/deep\n");
    copied("box:/out/file", "idle:/file");
    copied("idle:/file", "folder:/tmp/");
    expect(readFileSync(join(place.root, "tmp/file"), "utf8")).toBe("text\n");
    expect(cp(join(host, "tree"), "fixed:/").stderr).toContain("what is there can only be read");
    expect(place.outputOf("ps", "-q").trim().split("\n").length).toBe(1);
  });

  test("volumes and folders of the host in a container that does not run", () => {
    const inner = place.makeFolder("inner");
    writeFileSync(join(inner, "mine"), "inner\n");
    symlinkSync("/data", join(inner, "away"));
    const mounts = ["-v", "kept:/data", "-v", `${inner}:/data/inner/:ro`];
    const image = `type=image,source=${place.image},target=/image`;
    place.outputOf("create", "--name", "still", ...mounts, "--mount", image, place.image);
    copied(join(host, "tree"), "still:/data");
    copied(`${join(host, "tree")}/.`, "still:/data/../data/made");
    copied("still:/data/tree/file", join(host, "of-volume"));
    expect(readFileSync(join(host, "of-volume"), "utf8")).toBe("from the host\n");
    copied("still:/data/inner", "still:/data/copy");
    place.outputOf("start", "-a", "still");
    mkdirSync(join(host, "whole"));
    copied("still:/data", join(host, "whole"));
    const whole = join(host, "whole/data");
    expect(readdirSync(whole).sort()).toEqual(["copy", "inner", "made", "tree"]);
    expect(readdirSync(join(whole, "copy")).sort()).toEqual(["away", "mine"]);
    copied("still:/data/.", join(host, "content"));
    expect(readFileSync(join(host, "content/made/sub/deep"), "utf8")).toBe("deep\n");
    const closed = 'copy to "/data/inner": what is there can only be read';
    expect(cp(join(host, "tree"), "still:/data/inner").stderr).toContain(closed);
    const no = join(host, "no");
    const away = cp("-L", "still:/data/inner/away", no);
    expect(away.stderr).toContain('find "/data/inner/away": no such file or directory');
    const mount = cp("still:/image/etc", no);
    expect(mount.stderr).toContain("is there only while the container runs");
    expect([away.status, mount.status, existsSync(no)]).toEqual([1, 1, false]);
  });

  test("a part of a volume is not taken for the whole of it", () => {
    const part = "type=volume,source=parted,target=/data,subpath=part";
    place.outputOf("create", "--name", "parted", "--mount", part, place.image);
    const refused = cp(join(host, "tree/file"), "parted:/data/");
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringContaining("is there only while the container runs"),
    ]);
    expect(readdirSync(join(place.store, "volumes/parted/_data"))).toEqual(["part"]);
  });

  test("a device of a container is not given to all users of the host", async () => {
    const make = "mkdir /nodes; mknod -m 666 /nodes/null c 1 3; mknod -m 666 /nodes/fifo p";
    place.detach("maker", `${make}; exec sleep 1000`, "--cap-add", "MKNOD");
    const nodes = join(host, "nodes");
    const isMade = () => place.call("exec", ["maker", "test", "-e", "/nodes/fifo"]).status === 0;
    await eventually("the nodes", isMade);
    copied("maker:/nodes", nodes);
    const modeOf = (name: string) => statSync(join(nodes, name)).mode & 0o777;
    expect([modeOf("null"), modeOf("fifo")]).toEqual([0o600, 0o666]);
    copied("-a", "maker:/nodes", join(host, "exact"));
    expect(statSync(join(host, "exact/null")).mode & 0o777).toBe(0o666);
    copied("maker:/nodes", "box:/more");
    expect(inside("stat -c %a /more/null")).toBe("666\n");
  });

  test("what can only be read says so, and not that the store does", () => {
    const mounted = join(place.folder, "mounted");
    place.detach("closed", "exec sleep 1000", "-v", `${mounted}:/mounted:ro`, "--read-only");
    for (const target of ["/mounted/", "/etc/new"]) {
      const { status, stderr } = cp(join(host, "tree/file"), `closed:${target}`);
      expect([status, stderr]).toEqual([
        1,
        `ocicat cp: copy to "${target}": what is there can only be read\n`,
      ]);
    }
  });

  test("archives", () => {
    const out = Bun.spawnSync(["tar", "-tf", "-"], {
      stdin: archive("box:/out"),
    }).stdout.toString();
    expect(out.split("\n")).toContain("out/sub/hard");
    const packed = Bun.spawnSync(["tar", "-C", host, "-cz", "tree"]).stdout;
    const into = place.call("cp", ["-", "box:/tmp/there"], { input: new Uint8Array(packed) });
    expect([into.status, into.stderr]).toEqual([0, ""]);
    expect(inside("stat -c %u:%g /tmp/there/tree/file")).toBe("7:8\n");
  });

  function archive(from: string): Uint8Array<ArrayBuffer> {
    const path = join(host, "archive.tar");
    const command = [
      "sh",
      "-c",
      '"$@" > "$OUT"',
      "sh",
      place.program,
      "cp",
      ...place.flags,
      from,
      "-",
    ];
    const child = Bun.spawnSync(command, { env: { ...process.env, OUT: path } });
    expect(child.exitCode).toBe(0);
    return new Uint8Array(readFileSync(path));
  }

  test("an archive does not lead out of the folder that it is unpacked in", () => {
    const evil = join(host, "evil");
    mkdirSync(join(evil, "a"), { recursive: true });
    symlinkSync("/", join(evil, "up"));
    writeFileSync(join(evil, "a/f"), "x");
    const rename = ["--transform", "s,^a/f,../../../../tmp/there/climbed,"];
    const packed = Bun.spawnSync(["tar", "-C", evil, "-P", ...rename, "-c", "up", "a/f"]).stdout;
    place.call("cp", ["-", "box:/tmp/there"], { input: new Uint8Array(packed) });
    expect(inside("cat /tmp/there/tmp/there/climbed")).toBe("x");
    expect(existsSync("/tmp/there/climbed")).toBe(false);
  });

  test("--overwrite: a folder and something else replace each other", () => {
    inside("mkdir -p /tmp/over/file/full; echo x > /tmp/over/file/full/y; echo z > /tmp/over/tree");
    const refused = cp(join(host, "tree/file"), "box:/tmp/over/");
    expect(refused.stderr).toMatch(/a directory is there\nhint: --overwrite removes it\n$/);
    copied("--overwrite", join(host, "tree/file"), "box:/tmp/over/");
    expect(inside("cat /tmp/over/file")).toBe("from the host\n");
    expect(cp(join(host, "tree"), "box:/tmp/over/tree").stderr).toContain("hint: --overwrite");
    copied("--overwrite", join(host, "tree"), "box:/tmp/over/tree");
    expect(inside("cat /tmp/over/tree/sub/deep; ls /tmp/over")).toBe("deep\nfile\ntree\n");
  });

  test("two that do not run are locked in one order, whichever way files go", async () => {
    place.outputOf("create", "--name", "other", place.image);
    const [first = "", second = ""] = ["idle", "other"].toSorted((one, two) =>
      place.idOf(one) < place.idOf(two) ? -1 : 1,
    );
    const folderOf = (name: string) => ContainerFolder.open(place.store, place.idOf(name));
    const copies: ReturnType<typeof place.start>[] = [];
    const isWaiting = (pid: number) =>
      new RegExp(`-> FLOCK .* ${pid} `).test(readFileSync("/proc/locks", "utf8"));
    {
      using locked = folderOf(first);
      using free = folderOf(second);
      using _lock = locked.lock();
      copies.push(place.start("cp", [`${first}:/etc/passwd`, `${second}:/tmp/`]));
      copies.push(place.start("cp", [`${second}:/etc/group`, `${first}:/tmp/`]));
      await eventually("both to wait", () => copies.every(({ pid }) => isWaiting(pid)));
      using other = free.tryLock();
      expect(other).toBeDefined();
    }
    expect(await Promise.all(copies.map(({ exited }) => exited))).toEqual([0, 0]);
    expect(cp(`${first}:/tmp/group`, host).status).toBe(0);
    expect(cp(`${second}:/tmp/passwd`, host).status).toBe(0);
  });

  test("a file does not take the place of a device of the host", () => {
    const folder = place.makeFolder("devices");
    const device = join(folder, "null");
    expect(Bun.spawnSync(["mknod", device, "c", "1", "3"]).exitCode).toBe(0);
    symlinkSync("null", join(folder, "link"));
    inside("mkdir /tmp/devices; echo text > /tmp/devices/null");
    const attempts = [
      ["box:/out/file", device],
      ["box:/out/file", join(folder, "link")],
      ["box:/tmp/devices/null", folder],
      ["--overwrite", "box:/tmp/devices/.", folder],
    ];
    for (const words of attempts) {
      expect(cp(...words).stderr).toBe('ocicat cp: copy "null": a device is there\n');
    }
    expect(lstatSync(device).isCharacterDevice()).toBe(true);
  });

  test("what is not possible", () => {
    const refusals: readonly (readonly [string, string, string])[] = [
      ["box:/none", host, "no such file or directory"],
      [join(host, "none"), "box:/", "no such file or directory"],
      [join(host, "tree"), "box:/out/file", "not a directory"],
      [join(host, "tree/file"), "box:/none/", "no such file or directory"],
      [join(host, "tree/file"), "nobody:/", "there is none of this name or id"],
      [join(host, "tree"), host, "neither is in a container"],
      ["-", "box:/out/file", "not a directory"],
      ["box:", host, 'copy "box:": there is no path'],
      [join(host, "tree/file"), "box:/dev/null", 'copy "null": a device is there'],
      ["box:/out/file", "/dev/stdout", "it is no file of its own"],
      ["/dev/stdin", "box:/tmp/", "it is no file of its own"],
    ];
    for (const [from, to, message] of refusals) {
      const { status, stderr } = cp(from, to);
      expect([from, to, status, stderr]).toEqual([from, to, 1, expect.stringContaining(message)]);
    }
    inside("mkdir -p /tmp/block/tree; echo x > /tmp/block/tree/sub");
    expect(cp(join(host, "tree"), "box:/tmp/block").stderr).toContain("not a directory is there");
  });
});
