// EROFS images against what tar extracts of the same archives: every path with its type, mode, owner,
// size, time, content, extended attributes, device numbers and hard links.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MOUNT_ATTR_RDONLY } from "../../src/abi/mount.ts";
import { probeErofs } from "../../src/image/erofs/probe.ts";
import { type MountParameter, makeDetachedMount } from "../../src/sys/mount-context.ts";
import { must } from "../../tools/peers/command.ts";
import { serverLayout } from "../../tools/peers/registry-images.ts";
import { ErofsFolder } from "../fixtures/erofs-layers.ts";
import { seededRandom } from "../fixtures/random.ts";
import { archive, type TarFields } from "../fixtures/tar-archive.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";
import { unpackLayers } from "../fixtures/unpacked-layers.ts";

const isMissing = !probeErofs(tmpdir()).usable || Bun.which("setfattr") === null;
/** Without access lists where their programs are missing. */
const EXTRACT = ["tar", "--xattrs", "--xattrs-include=*", "--acls", "--numeric-owner", "-xpf"];

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-erofs-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function extracted(archivePath: string): Promise<string> {
  const target = mkdtempSync(join(folder, "extracted-"));
  chmodSync(target, 0o755);
  await must([...EXTRACT, archivePath, "-C", target], { seconds: 300 });
  return target;
}

/** With the count of links of each path, too. */
function factsOf(root: string): Record<string, string> {
  const facts = Object.entries(treeFacts(root)).map(([name, fact]) => {
    const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, "latin1")]);
    return [name, `${fact} nlink=${lstatSync(path).nlink}`];
  });
  return Object.fromEntries(facts);
}

/** Of the layer file alone and of a merged image over it: both have to show the same. */
function mountedFacts(content: Uint8Array): Record<string, string> {
  using erofs = new ErofsFolder(folder);
  const { fd, summary } = erofs.layerFile(content);
  expect(summary).toMatchObject({ mountable: true, notes: [] });
  const alone = erofs.withMounted({ imageFd: fd, deviceFds: [] }, factsOf);
  const { image } = erofs.merged([content]);
  expect(erofs.withMounted(image, factsOf)).toEqual(alone);
  return alone;
}

describe.skipIf(isMissing)("an EROFS image", () => {
  test("of a Debian layer is what tar extracts", async () => {
    const compressed = largestBlob(await serverLayout());
    const path = join(folder, "debian.tar");
    const content = Bun.gunzipSync(readFileSync(compressed));
    // umoci writes archives without their end, which tar wants.
    writeFileSync(path, Buffer.concat([content, Buffer.alloc(10_240)]));
    const expected = factsOf(await extracted(path));
    expect(Object.keys(expected).length).toBeGreaterThan(8000);
    expect(mountedFacts(content)).toEqual(expected);
  }, 300_000);

  test.each([
    [["--format=gnu", "--sparse"]],
    [["--format=posix", "--sparse", "--sparse-version=0.0"]],
    [["--format=posix", "--sparse", "--sparse-version=0.1"]],
    [["--format=posix", "--sparse", "--sparse-version=1.0"]],
    [["--format=posix"]],
  ])(
    "of a strange tree is what tar extracts (%p)",
    async (options) => {
      const source = mkdtempSync(join(folder, "source-"));
      const isPosix = options.includes("--format=posix");
      await fillStrange(source, { withXattrs: isPosix, withHole: options.includes("--sparse") });
      const path = join(folder, "strange.tar");
      const xattrs = isPosix ? ["--xattrs", "--xattrs-include=*", "--acls"] : [];
      await must(["tar", ...xattrs, "--numeric-owner", ...options, "-cf", path, "-C", source, "."]);
      const expected = factsOf(await extracted(path));
      expect(Object.keys(expected).length).toBeGreaterThan(1200);
      expect(mountedFacts(readFileSync(path))).toEqual(expected);
    },
    120_000,
  );
});

function largestBlob(layout: string): string {
  const blobs = join(layout, "blobs/sha256");
  const paths = readdirSync(blobs).map((name) => join(blobs, name));
  const [largest = ""] = paths.sort((one, other) => Bun.file(other).size - Bun.file(one).size);
  return largest;
}

async function fillStrange(
  source: string,
  { withXattrs, withHole }: { readonly withXattrs: boolean; readonly withHole: boolean },
): Promise<void> {
  const deep = join(source, ...Array.from({ length: 7 }, () => "d".repeat(250)));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(deep, "f"), "deep");
  mkdirSync(join(source, "many"));
  for (let index = 0; index < 1200; index += 1) {
    writeFileSync(join(source, "many", `file ${index}`), `${index}`);
  }
  for (const size of [0, 1, 511, 512, 513, 4095, 4096, 4097, 100_000]) {
    writeFileSync(join(source, `size-${size}`), Buffer.alloc(size, `${size} `));
  }
  writeFileSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xff, 0xfe, 0x0a])]), "x");
  for (const length of [1, 450, 511, 512, 513, 1024, 4000]) {
    symlinkSync("l".repeat(length), join(source, `link-${length}`));
  }
  linkSync(join(source, "link-1"), join(source, "link-again"));
  lutimesSync(join(source, "link-450"), 1, 2);
  await must(["mkfifo", join(source, "fifo")]);
  linkSync(join(source, "fifo"), join(source, "fifo-again"));
  await must(["mknod", join(source, "block"), "b", "259", "300000"]);
  await must(["mknod", join(source, "character"), "c", "4095", "255"]);
  linkSync(join(source, "size-513"), join(source, "many", "hard link"));
  chownSync(join(source, "size-1"), 2_000_000, 65_534);
  chmodSync(join(source, "size-1"), 0o6755);
  chmodSync(join(source, "many"), 0o3777);
  await must(["touch", "-d", "2106-02-08 00:00:00.987654321", join(source, "size-512")]);
  await must(["touch", "-d", "1969-12-31 23:59:58.25", join(source, "size-511")]);
  if (withHole) {
    await fillSparse(source);
  }
  if (withXattrs) {
    await must(["setfattr", "-n", "user.long", "-v", "v".repeat(3000), join(source, "size-1")]);
    await must(["setfattr", "-n", "trusted.t", "-v", "t", join(source, "many")]);
    await must(["setcap", "cap_net_raw+ep", join(source, "size-4096")]);
    if (Bun.which("setfacl") !== null) {
      await must(["setfacl", "-m", "u:1234:rwx,g:5678:r-x", join(source, "size-512")]);
      await must(["setfacl", "-d", "-m", "u:1234:rwx", join(source, "many")]);
    }
  }
}

async function fillSparse(source: string): Promise<void> {
  for (const [name, size, offsets] of [
    ["sparse", 3_000_000, [300, 301, 500]],
    ["sparse-end", 1_000_001, [244]],
    ["sparse-empty", 5_000_000, []],
    ["sparse-large", 100_000_000, [20_000]],
  ] as const) {
    const path = join(source, name);
    writeFileSync(path, "");
    truncateSync(path, size);
    for (const offset of offsets) {
      await must([
        ...["dd", "if=/dev/urandom", `of=${path}`, "bs=4k", "count=1", `seek=${offset}`],
        ...["conv=notrunc", "status=none"],
      ]);
    }
    truncateSync(path, size);
  }
}

const LAYERS = 300;

/** Layer on layer: new files, replaced ones, removed ones, directories that change. */
function manyLayers(): { readonly entries: TarFields[]; readonly removed: string[] }[] {
  const random = seededRandom(300);
  const below = (count: number): number => Math.floor(random() * count);
  const there = new Set<string>();
  return Array.from({ length: LAYERS }, (_, layer) => {
    const entries = new Map<string, TarFields>();
    for (let count = 1 + below(6); count > 0; count -= 1) {
      const parent = `d${below(6)}/e${below(6)}`;
      entries.set(parent, { name: parent, type: "5", mode: 0o755, mtime: layer, uid: below(9) });
      const name = `${parent}/f${below(20)}`;
      entries.set(name, { name, data: `layer ${layer}`.repeat(below(200)), mtime: layer });
    }
    const gone = [...there].filter((name) => !entries.has(name) && below(25) === 0);
    const whiteouts = gone.map((name): TarFields => ({ name: name.replace("/f", "/.wh.f") }));
    for (const name of entries.keys()) {
      if (name.includes("/f")) {
        there.add(name);
      }
    }
    for (const name of gone) {
      there.delete(name);
    }
    return { entries: [...whiteouts, ...entries.values()], removed: gone };
  });
}

describe.skipIf(isMissing)(`${LAYERS} layers`, () => {
  test("merged are what tar makes of them in order, and overlayfs of unpacked ones", async () => {
    const layers = manyLayers();
    const archives = layers.map(({ entries }) => archive(...entries));
    const applied = mkdtempSync(join(folder, "applied-"));
    for (const [index, { removed }] of layers.entries()) {
      for (const name of removed) {
        rmSync(join(applied, name));
      }
      const path = join(folder, "layer.tar");
      writeFileSync(path, archives[index] ?? "");
      await must(["tar", "-xpf", path, "-C", applied, "--exclude=.wh.*"]);
    }
    const expected = treeFacts(applied, { without: ["root", "directory times"] });
    using erofs = new ErofsFolder(folder);
    const { image } = erofs.merged(archives);
    const whole = erofs.withMounted(image, (root) => ({
      merged: treeFacts(root),
      comparable: treeFacts(root, { without: ["root", "directory times"] }),
    }));
    expect(Object.keys(expected).length).toBeGreaterThan(100);
    expect(whole.comparable).toEqual(expected);
    const { lower } = await unpackLayers(join(folder, "many"), archives);
    using overlay = makeDetachedMount({
      fileSystem: "overlay",
      parameters: lower.map((path): MountParameter => ["lowerdir+", path]),
      attributes: MOUNT_ATTR_RDONLY,
    });
    expect(treeFacts(`/proc/self/fd/${overlay.number}`)).toEqual(whole.merged);
  }, 300_000);
});
