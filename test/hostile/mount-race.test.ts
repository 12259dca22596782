// CVE-2021-30465 (and CVE-2025-52565, CVE-2025-52881, where it is used again): while a container is made,
// another one that shares a volume exchanges a directory in it for a link.
//
// A naive runtime resolves the mount target inside the root, finds a directory, and then mounts on the same
// path: by then it is a link, and the mount, or the directory made for it, goes to the host.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import type { Mount } from "../../src/oci/mount.ts";
import { snapshotOf } from "./host-snapshot.ts";
import { type BundleOptions, NEEDS_ROOT, Scratch } from "./scratch.ts";

const CONTAINERS = 200;
const scratch = new Scratch();
const { host } = scratch;
const volume = join(scratch.folder, "volume");
let before: string[] = [];
let attacker: Bun.Subprocess | undefined;

beforeAll(() => {
  mkdirSync(join(host, "directory"));
  writeFileSync(join(host, "directory/secret"), "of the host\n");
  mkdirSync(join(volume, "place"), { recursive: true });
  writeFileSync(join(volume, "place/inside"), "");
  symlinkSync(join(host, "directory"), join(volume, "link"));
  before = snapshotOf(host);
  attacker = Bun.spawn([
    process.execPath,
    join(import.meta.dir, "exchange.ts"),
    join(volume, "place"),
    join(volume, "link"),
  ]);
});

afterAll(async () => {
  attacker?.kill("SIGKILL");
  await attacker?.exited;
  scratch.remove();
});

const VOLUME: Mount = { type: "bind", source: volume, destination: "/volume", options: ["rbind"] };
const MARK = "ocicat-race-mark";
const marked = (destination: string): Mount => ({ type: "tmpfs", source: MARK, destination });

const KINDS: readonly (readonly [string, BundleOptions])[] = [
  ["a mount on it", { mounts: [VOLUME, marked("/volume/place")] }],
  ["a mount below it, on what is missing", { mounts: [VOLUME, marked("/volume/place/new/er")] }],
  [
    "a file below it",
    {
      mounts: [
        VOLUME,
        marked("/tmp"),
        { type: "bind", source: "/dev/null", destination: "/volume/place/file", options: ["bind"] },
      ],
    },
  ],
  [
    "a device below it",
    {
      mounts: [VOLUME, marked("/tmp")],
      linux: { devices: [{ path: "/volume/place/node", type: "c", major: 1, minor: 3 }] },
    },
  ],
  [
    "masks and protection of it",
    {
      mounts: [VOLUME, marked("/tmp")],
      linux: {
        maskedPaths: ["/volume/place/inside", "/volume/place/secret", "/volume/place"],
        readonlyPaths: ["/volume/place"],
      },
    },
  ],
];

/** As `mkdir -p` for a mount target does it: EEXIST of a lost race does not stop a naive runtime. */
function lookAndAct(attempt: number): void {
  const place = join(volume, "place");
  try {
    if (lstatSync(place).isDirectory()) {
      mkdirSync(join(place, `made-${attempt}`));
    }
  } catch {
    // It was neither for a moment.
  }
}

test("the attack works on a runtime that looks first and acts then", () => {
  const target = join(host, "directory");
  let attempt = 0;
  while (attempt < 100_000 && readdirSync(target).length === 1) {
    attempt += 1;
    lookAndAct(attempt);
  }
  const made = readdirSync(target).filter((name) => name.startsWith("made-"));
  for (const name of made) {
    rmSync(join(target, name), { recursive: true });
  }
  expect(made.length).toBe(1);
  expect(snapshotOf(host)).toEqual(before);
});

describe.skipIf(NEEDS_ROOT)("as root: renames elsewhere", () => {
  // The kernel then gives up on a path with "..", for it cannot be sure of it: openat2(2), EAGAIN.
  test("do not fail containers whose images have links that climb", async () => {
    for (let container = 0; container < 50; container += 1) {
      const bundle = scratch.bundle({
        image: (root) => {
          mkdirSync(join(root, "a/b"), { recursive: true });
          symlinkSync("../../a/../a/b/../../etc", join(root, "a/b/climbing"));
        },
        mounts: [marked("/a/b/climbing/there"), marked("/a/b/climbing/../etc")],
        linux: { readonlyPaths: ["/a/b/climbing"], maskedPaths: ["/a/b/climbing/there"] },
      });
      expect(await scratch.run(bundle)).toEqual({ code: 0 });
      rmSync(bundle.path, { recursive: true });
    }
  });
});

describe.skipIf(NEEDS_ROOT)("as root: a directory of a shared volume that becomes a link", () => {
  test.each(KINDS)(
    "while there is %s",
    async (_what, options) => {
      let ran = 0;
      for (let container = 0; container < CONTAINERS / KINDS.length; container += 1) {
        const bundle = scratch.bundle({
          ...options,
          script: `busybox grep ${MARK} /proc/self/mountinfo; cat /volume/place/secret`,
        });
        try {
          await scratch.run(bundle);
          const output = await Bun.file(join(bundle.root, "out")).text();
          // A mount that went to the host would have left with the host's root.
          expect(output).toContain(MARK);
          expect(output).not.toContain("of the host");
          ran += 1;
        } catch (error) {
          expect(error).toBeInstanceOf(OcicatError);
        }
        rmSync(bundle.path, { recursive: true });
      }
      expect(ran).toBeGreaterThan(0);
      expect(snapshotOf(host)).toEqual(before);
      expect(scratch.leftovers().filter((line) => !line.includes(` ${attacker?.pid} `))).toEqual(
        [],
      );
    },
    60_000,
  );
});
