// One contract for both forms of an image: unpacked directories under overlayfs, and a merged EROFS image.
// They show the same tree, or refuse the same layers with the same kind of error.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { O_RDONLY } from "../../src/abi/file.ts";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { probeErofs } from "../../src/image/erofs/probe.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../../src/image/unpack/limits.ts";
import { removeTree } from "../../src/store/remove-tree.ts";
import { OwnedFd, open } from "../../src/sys/file.ts";
import { ErofsFolder } from "../fixtures/erofs-layers.ts";
import { ATTACKS } from "../fixtures/layer-attacks.ts";
import {
  directory,
  file,
  hardLink,
  LAYER_STACKS,
  type Layer,
  opaque,
  symlink,
  whiteout,
} from "../fixtures/layer-stacks.ts";
import { REFUSED_ENTRIES } from "../fixtures/refused-entries.ts";
import { archive } from "../fixtures/tar-archive.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";
import { unpackLayers } from "../fixtures/unpacked-layers.ts";

const isMissing = !probeErofs(tmpdir()).usable;

let sandbox = "";

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-formats-"));
});

afterEach(() => {
  using parent = new OwnedFd(open(tmpdir(), O_RDONLY));
  removeTree(parent.number, basename(sandbox));
});

interface Outcome {
  readonly facts?: Record<string, string>;
  readonly notes?: readonly string[];
  readonly refusal?: string;
}

/** What the file system says of directories, we say of EROFS ourselves. */
const KINDS: Readonly<Record<string, string>> = {
  system: "invalid-config",
  "not-found": "invalid-config",
};

async function outcomeOf(action: () => Outcome | Promise<Outcome>): Promise<Outcome> {
  try {
    return await action();
  } catch (error) {
    expect(error).toBeInstanceOf(OcicatError);
    const { code } = error as OcicatError;
    return { refusal: KINDS[code] ?? code };
  }
}

async function asDirectories(archives: readonly Buffer[], limits: UnpackLimits): Promise<Outcome> {
  const { lower, notes } = await unpackLayers(join(sandbox, "directories"), archives, { limits });
  const target = join(sandbox, "overlay");
  const empty = join(sandbox, "empty");
  mkdirSync(target);
  mkdirSync(empty);
  const options = `ro,lowerdir=${[...lower, empty].join(":")}`;
  const mounted = Bun.spawnSync(["mount", "-t", "overlay", "overlay", "-o", options, target]);
  expect(mounted.stderr.toString()).toBe("");
  try {
    return { facts: treeFacts(target), notes };
  } finally {
    expect(Bun.spawnSync(["umount", target]).exitCode).toBe(0);
  }
}

function asErofs(archives: readonly Buffer[], limits: UnpackLimits): Outcome {
  using folder = new ErofsFolder(sandbox);
  const { image, summary } = folder.merged(archives, limits);
  return {
    facts: folder.withMounted(image, (root) => treeFacts(root)),
    notes: summary.notes.flat(),
  };
}

async function expectSame(
  layers: readonly Layer[],
  limits: UnpackLimits = DEFAULT_UNPACK_LIMITS,
): Promise<Outcome> {
  const archives = layers.map((parts) => archive(...parts));
  const directories = await outcomeOf(() => asDirectories(archives, limits));
  const erofs = await outcomeOf(() => asErofs(archives, limits));
  expect(erofs).toEqual(directories);
  return erofs;
}

describe.skipIf(isMissing)("both forms of an image", () => {
  test.each(LAYER_STACKS)("layers: %s", async (_, layers, expected) => {
    const { facts = {} } = await expectSame(layers);
    const names = Object.keys(facts).filter((name) => name !== ".");
    expect(names).toEqual([...expected].sort());
  });

  test.each(ATTACKS.map((attack) => [attack.name, attack] as const))(
    "attacks: %s",
    async (_, attack) => {
      await expectSame(attack.layers(join(sandbox, "outside")));
    },
  );

  test.each(REFUSED_ENTRIES)("refused: %s", async (_, entry) => {
    const { refusal } = await expectSame([[directory("a"), entry]]);
    expect(refusal).toBe("invalid-config");
  });
});

const pax = (records: Record<string, string>) => ({ pax: records });
const xattr = (name: string, value: string) => pax({ [`SCHILY.xattr.${name}`]: value });
const capability = (revision: number, bytes: number): string =>
  `\0\0\0${String.fromCharCode(revision)}${"\0".repeat(bytes - 4)}`;
const ACL_HEAD = "\x02\0\0\0";
const aclEntry = (tag: number, permissions: number, id = "\xff\xff\xff\xff"): string =>
  `${String.fromCharCode(tag)}\0${String.fromCharCode(permissions)}\0${id}`;
const FULL_ACL = [
  ACL_HEAD,
  aclEntry(1, 7),
  aclEntry(2, 5, "\xe8\x03\0\0"),
  aclEntry(4, 1),
  aclEntry(16, 6),
  aclEntry(32, 2),
].join("");
const SHORT_ACL = [ACL_HEAD, aclEntry(1, 6), aclEntry(4, 4), aclEntry(32, 0)].join("");
const ACCESS = "system.posix_acl_access";
const DEFAULT = "system.posix_acl_default";

const STACKS: readonly (readonly [string, readonly Layer[]])[] = [
  [
    "an implied directory keeps what a layer below says of it",
    [
      [{ ...directory("d", 0o3750), uid: 33, gid: 44, ...pax({ mtime: "77.5" }) }, file("d/x")],
      [file("d/y")],
      [whiteout("d/x")],
    ],
  ],
  ["implied directories of nothing", [[file("a/b/c")]]],
  [
    "hard links into layers below",
    [
      [file("bin/tool"), symlink("bin/s", "tool"), { name: "bin/p", type: "6", uid: 7 }],
      [hardLink("l1", "bin/tool"), hardLink("l2", "/bin/tool"), hardLink("l3", "bin/p")],
      [hardLink("l4", "bin/s"), hardLink("l5", "l4"), whiteout("bin/tool")],
    ],
  ],
  ["a hard link to what is hidden", [[file("f")], [whiteout("f"), hardLink("h", "f")]]],
  ["a hard link to what is hidden inside", [[file("d/g")], [opaque("d"), hardLink("h", "d/g")]]],
  [
    "a hard link to itself, and over an entry",
    [[file("a"), hardLink("a", "a"), file("b"), hardLink("b", "a")]],
  ],
  ["a hard link to a directory", [[directory("d"), hardLink("h", "d")]]],
  ["a hard link to a directory below", [[directory("d")], [hardLink("h", "d")]]],
  ["a hard link that replaces the directory of its target", [[file("d/f"), hardLink("d", "d/f")]]],
  ["an entry below a file", [[file("f"), file("f/g")]]],
  ["an entry below a file of a layer below", [[file("f")], [file("f/g")]]],
  ["a whiteout below a file", [[file("f")], [whiteout("f/g")]]],
  ["links in a circle", [[symlink("a", "b"), symlink("b", "a"), file("a/f")]]],
  ["a whiteout, then one inside", [[file("a/x")], [whiteout("a"), whiteout("a/x")]]],
  [
    "a character device 0/0",
    [
      [file("f")],
      [
        { name: "f", type: "3" },
        { name: "g", type: "3" },
      ],
    ],
  ],
  [
    "devices and their numbers",
    [
      [
        { name: "null", type: "3", major: 1, minor: 3, mode: 0o666 },
        {
          name: "high",
          type: "4",
          pax: { "SCHILY.devmajor": "4095", "SCHILY.devminor": "1048575" },
        },
        { name: "fifo", type: "6", mode: 0o600 },
      ],
    ],
  ],
  [
    "later entries with a name",
    [
      [
        file("f", "one"),
        file("f", "two!"),
        directory("d", 0o700),
        file("d/x"),
        directory("d", 0o1777),
      ],
    ],
  ],
  [
    "times",
    [
      [
        { ...file("f"), ...pax({ mtime: "-3.75" }) },
        { ...file("g"), ...pax({ mtime: "4294967299.5" }) },
      ],
    ],
  ],
  ["ids", [[{ ...file("f"), ...pax({ uid: "4294967294", gid: "2097152" }), mode: 0o6755 }]]],
  [
    "long links",
    [[symlink("a", "x".repeat(1)), { name: "b", type: "2", pax: { linkpath: "y".repeat(4000) } }]],
  ],
  ["a link that is too long", [[{ name: "b", type: "2", pax: { linkpath: "y".repeat(4096) } }]]],
  ["a name of 255 bytes", [[{ name: "x", pax: { path: "\xff".repeat(255) } }]]],
  [
    "user and trusted attributes",
    [
      [
        { ...file("f"), ...xattr("user.a", "b") },
        { ...directory("d"), ...xattr("trusted.x", "") },
      ],
    ],
  ],
  ["user attributes of a link", [[{ ...symlink("s", "x"), ...xattr("user.a", "b") }]]],
  ["attributes of overlayfs", [[{ ...directory("d"), ...xattr("trusted.overlay.opaque", "y") }]]],
  ["labels of security modules", [[{ ...file("f"), ...xattr("security.selinux", "x") }]]],
  ["attributes of no known kind", [[{ ...file("f"), ...xattr("nonsense", "x") }]]],
  ["a capability", [[{ ...file("f"), ...xattr("security.capability", capability(2, 20)) }]]],
  [
    "a capability of a wrong size",
    [[{ ...file("f"), ...xattr("security.capability", capability(2, 16)) }]],
  ],
  [
    "a capability of a wrong version",
    [[{ ...file("f"), ...xattr("security.capability", capability(9, 20)) }]],
  ],
  ["an ACL changes the mode", [[{ ...file("f"), mode: 0o4000, ...xattr(ACCESS, FULL_ACL) }]]],
  ["an ACL that is a mode", [[{ ...file("f"), mode: 0o7777, ...xattr(ACCESS, SHORT_ACL) }]]],
  [
    "a default ACL",
    [[{ ...directory("d"), ...xattr(DEFAULT, FULL_ACL) }, file("d/f"), directory("d/e")]],
  ],
  ["a default ACL of a file", [[{ ...file("f"), ...xattr(DEFAULT, FULL_ACL) }]]],
  ["an ACL of a link", [[{ ...symlink("s", "x"), ...xattr(ACCESS, FULL_ACL) }]]],
  ["an ACL without others", [[{ ...file("f"), ...xattr(ACCESS, FULL_ACL.slice(0, -8)) }]]],
  [
    "an ACL without a mask",
    [[{ ...file("f"), ...xattr(ACCESS, FULL_ACL.replace(aclEntry(16, 6), "")) }]],
  ],
  [
    "an ACL in text",
    [
      [
        {
          ...file("f"),
          ...pax({ "SCHILY.acl.access": "user::rw-,user:x:r--:5,group::r--,mask::r--,other::---" }),
        },
        {
          ...directory("d"),
          ...pax({ "SCHILY.acl.default": "user::rwx\ngroup::r-x\nother::--x\n" }),
        },
      ],
    ],
  ],
  ["an ACL cut short", [[{ ...file("f"), ...xattr(ACCESS, FULL_ACL.slice(0, -1)) }]]],
];

describe.skipIf(isMissing)("both forms of", () => {
  test.each(STACKS)("%s", async (_, layers) => {
    await expectSame(layers);
  });

  test.each<[string, Layer, Partial<UnpackLimits>]>([
    ["levels", [{ name: "x", pax: { path: `${"d/".repeat(513)}f` } }], {}],
    ["directories", [file("a/b/c/f"), file("d/e/f/f")], { directories: 5 }],
    ["entries", [file("a"), file("b"), file("c")], { entries: 2 }],
    [
      "bytes of a path",
      [
        { name: "x", pax: { path: `${"y".repeat(200)}/`.repeat(15) } },
        { name: "s", type: "2", pax: { linkpath: `${"y".repeat(200)}/`.repeat(15) } },
        { name: "x", pax: { path: `s/${`${"y".repeat(200)}/`.repeat(15)}` } },
      ],
      {},
    ],
  ])("too many %s", async (_, layer, changed) => {
    const { refusal } = await expectSame([layer], { ...DEFAULT_UNPACK_LIMITS, ...changed });
    expect(refusal).toBe("exhausted");
  });

  test("a tree of 500 levels", async () => {
    const { facts = {} } = await expectSame([
      [{ name: "x", pax: { path: `${"d/".repeat(500)}f` } }],
    ]);
    expect(Object.keys(facts)).toHaveLength(502);
  });

  test("an inode with names in several layers, which directories take apart, is one", () => {
    const layers = [[file("a"), hardLink("b", "a")], [hardLink("c", "b")], [hardLink("d", "a")]];
    using folder = new ErofsFolder(sandbox);
    const { image } = folder.merged(layers.map((parts) => archive(...parts)));
    folder.withMounted(image, (root) => {
      expect(treeFacts(root)["a"]).toEndWith("links=a,b,c,d");
      expect(lstatSync(join(root, "d")).nlink).toBe(4);
    });
  });
});
