// What config.md says of mounts, seen from inside and outside of real containers.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Mount } from "../../src/oci/mount.ts";
import { NEEDS_ROOT, Scratch } from "../hostile/scratch.ts";
import { mountAt } from "./spec-mount-table.ts";

const scratch = new Scratch();
// Root of a user namespace has to reach its root file system.
chmodSync(scratch.folder, 0o711);

afterEach(() => expect(scratch.leftovers()).toEqual([]));
afterAll(() => scratch.remove());

function tmpfs(destination: string, ...options: string[]): Mount {
  return { type: "tmpfs", source: "tmpfs", destination, options };
}

function bind(source: string, destination: string, ...options: string[]): Mount {
  return { type: "none", source, destination, options: ["rbind", ...options] };
}

const TABLE = "cat /proc/self/mountinfo";

/** The mount table of a container with these mounts beside the usual ones. */
function tableOf(mounts: readonly Mount[]): Promise<string> {
  return scratch.outputOf(scratch.bundle({ mounts, script: TABLE }));
}

describe.skipIf(NEEDS_ROOT)("options of a mount (as root)", () => {
  test.each<[string, string[]]>([
    ["ro", ["ro"]],
    ["nosuid", ["nosuid"]],
    ["nodev", ["nodev"]],
    ["noexec", ["noexec"]],
    ["noatime", ["noatime"]],
    ["nodiratime", ["nodiratime"]],
    ["relatime", ["relatime"]],
    ["nosymfollow", ["nosymfollow"]],
  ])("%s", async (option, expected) => {
    const { options } = mountAt(await tableOf([tmpfs("/mnt", option)]), "/mnt");
    expect(options).toEqual(expect.arrayContaining(expected));
  });

  test.each<[string, string]>([
    ["rw", "ro"],
    ["suid", "nosuid"],
    ["dev", "nodev"],
    ["exec", "noexec"],
    ["diratime", "nodiratime"],
    ["atime", "noatime"],
    ["strictatime", "relatime"],
    ["symfollow", "nosymfollow"],
  ])("%s takes back %s, which came before it", async (option, other) => {
    const { options } = mountAt(await tableOf([tmpfs("/mnt", other, option)]), "/mnt");
    expect(options).not.toContain(other);
  });

  test("sync and dirsync belong to the file system", async () => {
    const { superblock } = mountAt(await tableOf([tmpfs("/mnt", "sync", "dirsync")]), "/mnt");
    expect(superblock).toEqual(expect.arrayContaining(["sync", "dirsync"]));
  });

  test("an overlay's folders may have long names, and colons in them", async () => {
    const folders = ["top", "with:colon", "l".repeat(200), "upper", "work"];
    const [top = "", colon = "", long = "", upper = "", work = ""] = folders.map((name) => {
      const path = join(scratch.folder, "overlay", name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, `of-${name.slice(0, 4)}`), "");
      return path;
    });
    const layers = [top, colon, long].map((path) => path.replaceAll(":", "\\:"));
    rmSync(join(work, "of-work"));
    const options = [`lowerdir=${layers.join(":")}`, `upperdir=${upper}`, `workdir=${work}`];
    const overlay = { type: "overlay", source: "overlay", destination: "/mnt", options };
    const script = "echo mine > /mnt/mine; ls /mnt";
    expect(await scratch.outputOf(scratch.bundle({ mounts: [overlay], script }))).toBe(
      "mine\nof-llll\nof-top\nof-uppe\nof-with\n",
    );
    expect(existsSync(join(upper, "mine"))).toBe(true);
  });

  test("those that mean nothing to the kernel are accepted", async () => {
    const silent = ["defaults", "async", "loud", "silent", "iversion", "noiversion", "nolazytime"];
    const { options } = mountAt(await tableOf([tmpfs("/mnt", ...silent)]), "/mnt");
    expect(options).toContain("rw");
  });

  test("unknown ones go to the file system", async () => {
    const table = await tableOf([tmpfs("/mnt", "mode=1750", "size=64k", "nr_inodes=77")]);
    const { superblock } = mountAt(table, "/mnt");
    expect(superblock).toEqual(expect.arrayContaining(["size=64k", "nr_inodes=77", "mode=1750"]));
  });

  test("one that the file system does not know is named, with its mount", async () => {
    const usual = scratch.bundle().spec.mounts?.length ?? 0;
    await expect(tableOf([tmpfs("/mnt", "colour=blue")])).rejects.toThrow(
      `mounts[${usual}]: mount "tmpfs" on "/mnt" with option "colour=blue": invalid argument`,
    );
    await expect(tableOf([tmpfs("/mnt", "blue")])).rejects.toThrow('with option "blue"');
  });

  test("a type that the kernel does not know is named", async () => {
    const mount = { type: "nosuchfs", source: "x", destination: "/mnt" };
    await expect(tableOf([mount])).rejects.toThrow('mount "x" on "/mnt": no such device');
  });
});

test.skipIf(NEEDS_ROOT)("ro mounts have had their places made in them (as root)", async () => {
  const usual = scratch.bundle().spec.mounts ?? [];
  const readOnly = usual.map((mount) =>
    mount.destination === "/dev" ? { ...mount, options: ["ro", "nosuid"] } : mount,
  );
  const bundle = scratch.bundle({
    allMounts: [...readOnly, tmpfs("/run", "ro"), tmpfs("/run/lock", "nosuid")],
    script: `${TABLE}; ls -l /dev/null /run`,
  });
  const output = await scratch.outputOf(bundle);
  for (const place of ["/dev", "/run"]) {
    expect(mountAt(output, place).options).toContain("ro");
  }
  expect(mountAt(output, "/run/lock").options).toContain("rw");
  expect(output).toContain("/dev/null");
});

describe.skipIf(NEEDS_ROOT)("a bind mount (as root)", () => {
  test("has a source in the bundle, if that is relative", async () => {
    const bundle = scratch.bundle({ script: "cat /mnt/file", mounts: [bind("data", "/mnt")] });
    mkdirSync(join(bundle.path, "data"));
    writeFileSync(join(bundle.path, "data/file"), "of the bundle\n");
    expect(await scratch.outputOf(bundle)).toBe("of the bundle\n");
  });

  test("keeps its attributes where nothing is said of them", async () => {
    const again = { type: "none", source: "/dev/shm", destination: "/mnt", options: ["bind"] };
    const host = mountAt(await Bun.file("/proc/self/mountinfo").text(), "/dev/shm");
    const { options } = mountAt(await tableOf([again]), "/mnt");
    const flags = ["nosuid", "nodev", "noexec", "ro"];
    expect(options.filter((each) => flags.includes(each))).toEqual(
      host.options.filter((each) => flags.includes(each)),
    );
  });

  test("ro is its own alone, rro that of everything below it", async () => {
    const tree = join(scratch.folder, "tree");
    mkdirSync(join(tree, "below"), { recursive: true });
    Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", join(tree, "below")]);
    try {
      const plain = await tableOf([bind(tree, "/mnt", "ro")]);
      expect(mountAt(plain, "/mnt").options).toContain("ro");
      expect(mountAt(plain, "/mnt/below").options).toContain("rw");
      const recursive = ["rro", "rnosuid", "rnodev", "rnoexec", "rnoatime", "rnosymfollow"];
      const table = await tableOf([bind(tree, "/mnt", ...recursive)]);
      for (const place of ["/mnt", "/mnt/below"]) {
        const wanted = ["ro", "nosuid", "nodev", "noexec", "noatime", "nosymfollow"];
        expect(mountAt(table, place).options).toEqual(expect.arrayContaining(wanted));
      }
      const backAgain = await tableOf([bind(tree, "/mnt", "rro", "rw")]);
      expect(mountAt(backAgain, "/mnt").options).toContain("rw");
      expect(mountAt(backAgain, "/mnt/below").options).toContain("ro");
      const below = statSync(join(tree, "below"));
      const alone = { ...bind(tree, "/mnt"), options: ["bind"] };
      const seen = scratch.bundle({ mounts: [alone], script: "stat -c %d /mnt/below" });
      expect(Number(await scratch.outputOf(seen))).not.toBe(below.dev);
    } finally {
      Bun.spawnSync(["umount", join(tree, "below")]);
    }
  });

  test("is remounted without touching what it shows", async () => {
    const data = join(scratch.folder, "remounted");
    mkdirSync(data);
    const again = { destination: "/mnt", options: ["bind", "remount", "ro", "nosuid"] };
    const table = await tableOf([bind(data, "/mnt"), again]);
    expect(mountAt(table, "/mnt").options).toEqual(expect.arrayContaining(["ro", "nosuid"]));
    writeFileSync(join(data, "still"), "writable\n");
  });

  test("a source that is missing is named", async () => {
    await expect(tableOf([bind("/nowhere/at/all", "/mnt")])).rejects.toThrow(
      'mount "/nowhere/at/all" on "/mnt": no such file or directory',
    );
  });
});

describe.skipIf(NEEDS_ROOT)("a remount (as root)", () => {
  test("of a file system changes that too", async () => {
    const again = {
      type: "tmpfs",
      destination: "/mnt",
      options: ["remount", "size=128k", "noexec"],
    };
    const { options, superblock } = mountAt(
      await tableOf([tmpfs("/mnt", "size=64k"), again]),
      "/mnt",
    );
    expect(superblock).toContain("size=128k");
    expect(options).toContain("noexec");
  });
});

describe.skipIf(NEEDS_ROOT)("a tmpfs (as root)", () => {
  test("takes the mode of what it covers, or the one that is given", async () => {
    const bundle = scratch.bundle({
      mounts: [tmpfs("/own"), tmpfs("/given", "mode=700"), tmpfs("/missing")],
      script: "stat -c %a /own /given /missing",
      image: (root) => {
        mkdirSync(join(root, "own"));
        chmodSync(join(root, "own"), 0o1733);
        mkdirSync(join(root, "given"));
      },
    });
    expect(await scratch.outputOf(bundle)).toBe("1733\n700\n1777\n");
  });

  test("with tmpcopyup begins with what the image has there", async () => {
    const fillImage = (root: string): void => {
      const top = join(root, "data");
      mkdirSync(join(top, "deep/deeper"), { recursive: true });
      writeFileSync(join(top, "file"), "content\n");
      chownSync(join(top, "file"), 12, 34);
      chmodSync(join(top, "file"), 0o4751);
      writeFileSync(join(top, "deep/deeper/large"), "x".repeat(300_000));
      writeFileSync(join(top, "deep/empty"), "");
      chownSync(join(top, "deep"), 5, 6);
      chmodSync(join(top, "deep"), 0o2711);
      symlinkSync("../file", join(top, "deep/link"));
      symlinkSync("/nowhere", join(top, "dangling"));
      lchownSync(join(top, "dangling"), 7, 8);
      Bun.spawnSync(["mkfifo", "-m", "620", join(top, "fifo")]);
      Bun.spawnSync(["mknod", "-m", "604", join(top, "null"), "c", "1", "3"]);
      chmodSync(top, 0o1750);
    };
    const script = [
      "cd /data",
      "list() { busybox find . $1 | busybox sort; }",
      "for file in $(list); do stat -c '%n %f %u:%g %s %t:%T' $file; done",
      "busybox md5sum $(list '-type f')",
      "readlink deep/link; readlink dangling",
    ].join("\n");
    const image = {
      image: fillImage,
      script,
      capabilities: ["CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"],
    };
    const original = await scratch.outputOf(scratch.bundle(image));
    const copied = scratch.bundle({ ...image, mounts: [tmpfs("/data", "tmpcopyup")] });
    const sizes = /^(\S+ 4\S+ \S+) \d+/gm;
    const withoutSizes = (text: string) => text.replaceAll(sizes, "$1");
    expect(withoutSizes(await scratch.outputOf(copied))).toBe(withoutSizes(original));
    expect(original).toContain("./fifo 1190 0:0 0 0:0");
    expect(original.split("\n").length).toBeGreaterThan(15);
  });

  test("of tmpcopyup is the container's own: the image stays as it was", async () => {
    const bundle = scratch.bundle({
      mounts: [tmpfs("/data", "tmpcopyup")],
      script: "echo changed > /data/file; cat /data/file",
      image: (root) => {
        mkdirSync(join(root, "data"));
        writeFileSync(join(root, "data/file"), "original\n");
      },
    });
    expect(await scratch.outputOf(bundle)).toBe("changed\n");
    expect(await Bun.file(join(bundle.root, "data/file")).text()).toBe("original\n");
  });
});

describe.skipIf(NEEDS_ROOT)("an id-mapped mount (as root)", () => {
  const data = join(scratch.folder, "owned");
  const maps = (hostID: number) => [{ containerID: 1000, hostID, size: 10 }];

  function makeData(): void {
    rmSync(data, { recursive: true, force: true });
    mkdirSync(join(data, "sub"), { recursive: true });
    writeFileSync(join(data, "file"), "");
    chownSync(join(data, "file"), 1003, 1004);
    // The kernel makes no files in a folder whose owner the map does not have.
    chownSync(data, 1000, 1000);
    chmodSync(data, 0o777);
  }

  function owner(mount: Mount, more: object = {}): Promise<string> {
    makeData();
    const script = "stat -c %u:%g /mnt/file; echo > /mnt/made; stat -c %u:%g /mnt/made";
    const bundle = scratch.bundle({ mounts: [mount], script, ...more });
    return scratch.outputOf(bundle);
  }

  test.each(["idmap", "ridmap"])("%s shows files with the ids of its mappings", async (option) => {
    const mount = {
      ...bind(data, "/mnt", option),
      uidMappings: maps(5000),
      gidMappings: [...maps(6000), { containerID: 0, hostID: 0, size: 1 }],
    };
    const user = { process: { user: { uid: 5001, gid: 6002 } } };
    expect(await owner(mount, user)).toBe("5003:6004\n5001:6002\n");
    // What the container makes belongs on the disk to the ids on the other side of the map.
    expect(statSync(join(data, "made"))).toMatchObject({ uid: 1001, gid: 1002 });
  });

  test("mappings alone ask for it too", async () => {
    const both = { uidMappings: maps(5000), gidMappings: maps(6000) };
    const user = { process: { user: { uid: 5001, gid: 6002 } } };
    expect(await owner({ ...bind(data, "/mnt"), ...both }, user)).toStartWith("5003:6004\n");
  });

  test("without mappings it takes those of the container's user namespace", async () => {
    const ids = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
    const { linux } = scratch.bundle().spec;
    const namespaces = [...(linux?.namespaces ?? []), { type: "user" as const }];
    makeData();
    const bundle = scratch.bundle({
      mounts: [bind(data, "/mnt", "idmap")],
      script: "stat -c %u:%g /mnt/file",
      linux: { namespaces, uidMappings: ids, gidMappings: ids },
      image: (root) => mkdirSync(join(root, "mnt")),
    });
    expect(await scratch.outputOf(bundle)).toBe("1003:1004\n");
  });

  test("is refused for what is no bind mount, and without any mappings", async () => {
    const map = { uidMappings: maps(5000), gidMappings: maps(6000) };
    await expect(tableOf([{ ...tmpfs("/mnt", "idmap"), ...map }])).rejects.toThrow(
      "only a bind mount can be id-mapped",
    );
    await expect(tableOf([bind(data, "/mnt", "idmap")])).rejects.toThrow(
      "an id-mapped mount needs uidMappings and gidMappings",
    );
  });
});

test.skipIf(NEEDS_ROOT)("mounts are made in their order (as root)", async () => {
  const bundle = scratch.bundle({
    mounts: [tmpfs("/a"), tmpfs("/a/b"), tmpfs("/a")],
    script: `${TABLE} | busybox grep -c ' /a'; ls /a`,
  });
  expect(await scratch.outputOf(bundle)).toBe("3\n");
  expect(existsSync(join(bundle.root, "a/b"))).toBe(false);
});
