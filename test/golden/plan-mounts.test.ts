// Mounts: options, bind sources, id maps, copies, labels.

import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Mount } from "../../src/oci/mount.ts";
import { expectGolden } from "./expect-golden.ts";
import { type Changes, createProgram, describeCases, listingOf } from "./plan-listing.ts";

const MAPS = [{ containerID: 0, hostID: 100_000, size: 10 }];

function tmpfs(destination: string, ...options: string[]): Mount {
  return { type: "tmpfs", source: "tmpfs", destination, options };
}

function bind(...options: string[]): Mount {
  return { type: "none", source: "/data", destination: "/mnt", options };
}

const OVERLAY: Mount = {
  type: "overlay",
  destination: "/mnt",
  options: [
    `lowerdir=/top:/with\\:colon:/${"long".repeat(60)}`,
    "upperdir=/upper",
    "workdir=/work",
    "metacopy=off",
  ],
};

/** The operations of the last mount, with what comes before the clone for it. */
function mounted(mounts: readonly Mount[], changes: Changes = {}): string {
  const places = [`mounts[${mounts.length - 1}]`, "linux.mountLabel"];
  return listingOf(createProgram({ ...changes, spec: { mounts } }), places);
}

const USER: Changes["linux"] & object = {
  namespaces: [{ type: "mount" }, { type: "user" }],
  uidMappings: MAPS,
  gidMappings: MAPS,
};

test("mounts", async () => {
  const text = describeCases([
    [
      "a file system: options of the mount, of the superblock and of the type",
      mounted([
        { ...tmpfs("/mnt", "nosuid", "noexec", "sync", "mode=755", "size=64k"), source: "shm" },
      ]),
    ],
    ["an overlay whose layers are too long for one option: one by one", mounted([OVERLAY])],
    [
      "the same on a kernel that wants them in one: by short names",
      mounted([OVERLAY], { facts: { takesLayersOneByOne: false } }),
    ],
    [
      "a place below another, which begins empty",
      mounted([tmpfs("/run", "mode=755"), tmpfs("/run/lock", "mode=755")]),
    ],
    ["a tmpfs without a mode takes that of its place", mounted([tmpfs("/mnt")])],
    [
      "a read-only tmpfs becomes so when all is in its place",
      mounted([tmpfs("/mnt", "ro", "mode=1")]),
    ],
    [
      "later options override earlier ones",
      mounted([tmpfs("/mnt", "ro", "noatime", "rw", "strictatime", "mode=1")]),
    ],
    ["propagation", mounted([tmpfs("/mnt", "mode=1", "rshared", "unbindable")])],
    ["a bind mount is copied, changed, and attached", mounted([bind("bind", "ro", "nosymfollow")])],
    ["one of a file", mounted([bind("bind")], { facts: { bindSources: new Map([[0, "file"]]) } })],
    [
      "a part of the source, as links lead inside of it",
      mounted([bind("rbind", "X-mount.subdir=a/b")]),
    ],
    ["a source in the bundle", mounted([{ ...bind("rbind"), source: "data" }])],
    [
      "recursive attributes before the mount's own",
      mounted([bind("rbind", "rro", "rnosuid", "rw")]),
    ],
    [
      "one that is shared with the host is copied before init leaves its peers",
      mounted([bind("rbind", "rshared")]),
    ],
    [
      "in a user namespace the stage copies the source, which init may not reach",
      mounted([bind("rbind")], { linux: USER }),
    ],
    [
      "ids are mapped in the copy, by a user namespace that exists for that alone",
      mounted([{ ...bind("rbind", "ridmap"), uidMappings: MAPS, gidMappings: MAPS }]),
    ],
    [
      "remounts: of a bind mount itself, else of the file system too",
      mounted([bind("bind"), { destination: "/mnt", options: ["bind", "remount", "ro"] }]) +
        mounted([
          tmpfs("/mnt"),
          { type: "tmpfs", destination: "/mnt", options: ["remount", "size=1m", "noexec"] },
        ]),
    ],
    [
      "tmpcopyup",
      mounted([tmpfs("/mnt", "tmpcopyup", "mode=755")], {
        facts: {
          copyUp: new Map([
            [
              0,
              [
                { path: "dir", type: "directory", mode: 0o2711, uid: 5, gid: 6, size: 0 },
                { path: "dir/file", type: "file", mode: 0o4755, uid: 1, gid: 2, size: 10 },
                {
                  path: "link",
                  type: "symlink",
                  mode: 0o777,
                  uid: 0,
                  gid: 0,
                  size: 3,
                  target: "dir",
                },
                {
                  path: "null",
                  type: "node",
                  mode: 0o20666,
                  uid: 0,
                  gid: 0,
                  size: 0,
                  device: { major: 1, minor: 3 },
                },
                { path: "socket", type: "other", mode: 0o777, uid: 0, gid: 0, size: 0 },
              ],
            ],
          ]),
        },
      }),
    ],
    [
      "a label for every file",
      mounted([tmpfs("/mnt", "mode=1")], {
        linux: { mountLabel: "some:label", namespaces: [{ type: "mount" }] },
      }),
    ],
    [
      "procfs accepts no link on its way",
      mounted([{ type: "proc", source: "proc", destination: "/proc" }]),
    ],
    [
      "sysfs is the host's where the user namespace may not have its own",
      mounted([{ type: "sysfs", source: "sysfs", destination: "/sys", options: ["ro"] }], {
        linux: USER,
      }),
    ],
    [
      "the cgroups of the container",
      mounted([
        { type: "cgroup", source: "cgroup", destination: "/sys/fs/cgroup", options: ["ro"] },
      ]),
    ],
    [
      "a place that leads through links to nothing, resolved before",
      mounted([tmpfs("/link/below", "mode=1")], {
        facts: { resolvedDestinations: new Map([["/link/below", "/target/below"]]) },
      }),
    ],
  ]);
  await expectGolden(join(import.meta.dir, "plan-mounts.txt"), text);
  // Every component is made on the descriptor of the one before it (CVE-2024-45310).
  expect(text).not.toMatch(/mkdirat\([^)]*\/[^)]*\)/);
});
