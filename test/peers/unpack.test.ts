// What images are in the store, mounted from EROFS files or unpacked to folders, against what tar and umoci
// make of the same: every path with its type, mode, owner, size, time, content, extended attributes and
// hard links.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ImageRoot, openImageRoot } from "../../src/image/image-root.ts";
import type { LayerFormat } from "../../src/image/record.ts";
import { resolveImage } from "../../src/image/resolve.ts";
import { must } from "../../tools/peers/command.ts";
import { debianLayout, IMAGE_TAG } from "../../tools/peers/images.ts";
import { seededRandom } from "../fixtures/random.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";

const isMissing = process.getuid?.() !== 0 || Bun.which("umoci") === null;

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-unpack-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const FORMATS: readonly LayerFormat[] = ["erofs", "directory"];

/** What a container would see. */
async function factsOf(reference: string, format: LayerFormat): Promise<Record<string, string>> {
  const place = { storeRoot: join(folder, `store-${format}`), stateRoot: join(folder, "state") };
  using image = await resolveImage(reference, { storeRoot: place.storeRoot, format });
  expect(image.root.format).toBe(format);
  expect(image.notes).toEqual([]);
  using root = openImageRoot(image.root, place);
  return await withMounted(root, (path) => treeFacts(path));
}

async function withMounted<Result>(image: ImageRoot, use: (root: string) => Result) {
  const target = mkdtempSync(join(folder, "mounted-"));
  const empty = mkdtempSync(join(folder, "empty-"));
  const options = `ro,lowerdir=${[...image.lower, empty].join(":")}`;
  await must(["mount", "-t", "overlay", "overlay", "-o", options, target]);
  try {
    return use(target);
  } finally {
    await must(["umount", target]);
  }
}

describe.skipIf(isMissing)("the tree", () => {
  test("of a Debian image is what umoci unpacks", async () => {
    const layout = await debianLayout();
    const umoci = join(folder, "umoci");
    await must(["umoci", "raw", "unpack", "--image", `${layout}:${IMAGE_TAG}`, umoci]);
    const expected = treeFacts(umoci);
    expect(Object.keys(expected).length).toBeGreaterThan(3000);
    for (const format of FORMATS) {
      expect(await factsOf(`oci:${layout}:${IMAGE_TAG}`, format)).toEqual(expected);
    }
  }, 300_000);

  test("of GNU tar's own formats is what tar extracts", async () => {
    const source = join(folder, "source");
    await fillSource(source);
    for (const options of [
      ["--format=gnu", "--sparse"],
      ["--format=posix", "--sparse", "--sparse-version=0.0"],
      ["--format=posix", "--sparse", "--sparse-version=0.1"],
      ["--format=posix", "--sparse", "--sparse-version=1.0"],
      ["--format=ustar"],
    ]) {
      const { reference, theirs } = await packed(source, options);
      for (const format of FORMATS) {
        expect(await factsOf(reference, format)).toEqual(theirs);
      }
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "of random changes, layer on layer, is what umoci unpacks (seed %d)",
    async (seed) => {
      const layout = join(folder, `layout-${seed}`);
      const bundle = join(folder, `bundle-${seed}`);
      await must(["umoci", "init", "--layout", layout]);
      await must(["umoci", "new", "--image", `${layout}:image`]);
      await must(["umoci", "unpack", "--image", `${layout}:image`, bundle]);
      const random = seededRandom(seed);
      for (let layer = 0; layer < 5; layer += 1) {
        for (let change = 0; change < 40; change += 1) {
          changeAtRandom(join(bundle, "rootfs"), random);
        }
        await must([
          ...["umoci", "repack", "--refresh-bundle"],
          ...["--image", `${layout}:image`, bundle],
        ]);
      }
      const unpacked = join(folder, `umoci-${seed}`);
      await must(["umoci", "raw", "unpack", "--image", `${layout}:image`, unpacked]);
      const expected = treeFacts(unpacked);
      expect(Object.keys(expected).length).toBeGreaterThan(20);
      for (const format of FORMATS) {
        expect(await factsOf(`oci:${layout}:image`, format)).toEqual(expected);
      }
    },
    120_000,
  );
});

async function fillSource(source: string): Promise<void> {
  const name = "long-".repeat(15);
  mkdirSync(join(source, name, name), { recursive: true });
  writeFileSync(join(source, name, name, "file"), "content");
  writeFileSync(join(source, "setuid"), "x", { mode: 0o755 });
  chownSync(join(source, "setuid"), 1000, 2000);
  chmodSync(join(source, "setuid"), 0o6755);
  linkSync(join(source, "setuid"), join(source, "hard-link"));
  symlinkSync(`/${name.slice(0, 60)}`, join(source, "link"));
  await must(["mkfifo", join(source, "fifo")]);
  await must(["mknod", join(source, "device"), "c", "5", "1"]);
  await must(["truncate", "-s", "3000000", join(source, "sparse")]);
  await must([
    ...["dd", "if=/dev/urandom", `of=${join(source, "sparse")}`, "bs=4k", "count=2", "seek=300"],
    ...["conv=notrunc", "status=none"],
  ]);
  utimesSync(join(source, name), 1_500_000_000, 1_500_000_000);
}

async function packed(source: string, options: readonly string[]) {
  const work = mkdtempSync(join(folder, "tar-"));
  const archive = join(work, "layer.tar");
  await must(["tar", ...options, "-cf", archive, "-C", source, "."]);
  const layout = join(work, "layout");
  await must(["umoci", "init", "--layout", layout]);
  await must(["umoci", "new", "--image", `${layout}:image`]);
  await must(["umoci", "raw", "add-layer", "--image", `${layout}:image`, archive]);
  const extracted = join(work, "extracted");
  mkdirSync(extracted);
  await must(["tar", "-xpf", archive, "-C", extracted]);
  return { reference: `oci:${layout}:image`, theirs: treeFacts(extracted) };
}

interface Change {
  readonly root: string;
  /** An entry that exists, or the root. */
  readonly any: string;
  /** In a directory that exists; it may be taken. */
  readonly fresh: string;
  /** A number from 0 up to `count`. */
  readonly below: (count: number) => number;
}

/** The things that builds do to a tree. */
const CHANGES: readonly ((change: Change) => void)[] = [
  function writeFile({ fresh, below }) {
    rmSync(fresh, { recursive: true, force: true });
    writeFileSync(fresh, `content ${below(1_000_000)}`);
    chownSync(fresh, below(70_000), below(70_000));
    chmodSync(fresh, [0o644, 0o4755, 0o600, 0o1777][below(4)] ?? 0);
    const time = 1_600_000_000 + below(1_000_000);
    utimesSync(fresh, time, time);
  },
  function makeDirectory({ fresh, below }) {
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh);
    chmodSync(fresh, [0o755, 0o2750, 0o1777][below(3)] ?? 0);
  },
  function makeLink({ root, any, fresh }) {
    rmSync(fresh, { recursive: true, force: true });
    symlinkSync(any.slice(root.length) || "/", fresh);
  },
  function makeHardLink({ any, fresh }) {
    if (lstatSync(any).isFile() && !any.startsWith(fresh)) {
      rmSync(fresh, { recursive: true, force: true });
      linkSync(any, fresh);
    }
  },
  function remove({ root, any }) {
    if (any !== root) {
      rmSync(any, { recursive: true });
    }
  },
  function changeOwner({ any, below }) {
    if (!lstatSync(any).isSymbolicLink()) {
      chownSync(any, below(100), below(100));
    }
  },
  function changeContent({ any, below }) {
    if (lstatSync(any).isFile()) {
      writeFileSync(any, `changed ${below(1_000_000)}`);
    }
  },
];
/** Builds make more than they remove. */
const CHANCES = [0, 0, 1, 1, 2, 3, 4, 5, 6] as const;

function changeAtRandom(root: string, random: () => number): void {
  const below = (count: number): number => Math.floor(random() * count);
  const all = entriesOf(root);
  const directories = [root, ...all.filter((path) => lstatSync(path).isDirectory())];
  const change = CHANGES[CHANCES[below(CHANCES.length)] ?? 0];
  const any = all[below(all.length)] ?? root;
  const fresh = join(directories[below(directories.length)] ?? root, `n${below(1000)}`);
  change?.({ root, any, fresh, below });
}

function entriesOf(folderPath: string): string[] {
  return readdirSync(folderPath, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folderPath, entry.name);
      return entry.isDirectory() ? [path, ...entriesOf(path)] : [path];
    });
}
