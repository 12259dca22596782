import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  directory,
  file,
  hardLink,
  LAYER_STACKS,
  type Layer,
  opaque,
  symlink,
  whiteout,
} from "../../../test/fixtures/layer-stacks.ts";
import { archive, type TarFields } from "../../../test/fixtures/tar-archive.ts";
import { treeFacts } from "../../../test/fixtures/tree-facts.ts";
import { unpackLayers } from "../../../test/fixtures/unpacked-layers.ts";
import { MergedView } from "../merged-view.ts";

const isRoot = process.geteuid?.() === 0;

let sandbox = "";

beforeEach(() => {
  sandbox = mkdtempSync(join(tmpdir(), "ocicat-layers-"));
});

afterEach(() => {
  rmSync(sandbox, { recursive: true, force: true });
});

/** What overlayfs makes of the layers: the contract with the kernel, not with our own reader. */
function mountedFacts(lower: readonly string[]): Record<string, string> {
  const target = join(sandbox, "mounted");
  const empty = join(sandbox, "empty");
  mkdirSync(target, { recursive: true });
  mkdirSync(empty, { recursive: true });
  const options = `ro,lowerdir=${[...lower, empty].join(":")}`;
  const mount = Bun.spawnSync(["mount", "-t", "overlay", "overlay", "-o", options, target]);
  expect(mount.stderr.toString()).toBe("");
  try {
    return treeFacts(target);
  } finally {
    expect(Bun.spawnSync(["umount", target]).exitCode).toBe(0);
  }
}

async function names(...layers: readonly Layer[]): Promise<string[]> {
  const { lower } = await unpackLayers(
    sandbox,
    layers.map((parts) => archive(...parts)),
  );
  const mounted = Object.keys(mountedFacts(lower)).filter((name) => name !== ".");
  using view = new MergedView(lower);
  expect(viewNames(view, "")).toEqual(mounted.sort());
  return mounted;
}

/** Our own reader of merged layers has to show what the kernel shows. */
function viewNames(view: MergedView, directoryPath: string): string[] {
  return [...view.names(directoryPath)]
    .flatMap((name) => {
      const path = directoryPath === "" ? name : `${directoryPath}/${name}`;
      const status = view.entryAt(path)?.status;
      const isDirectory = ((status?.mode ?? 0) & 0o170000) === 0o040000;
      return isDirectory ? [path, ...viewNames(view, path)] : [path];
    })
    .sort();
}

describe.skipIf(!isRoot)("what overlayfs shows of layers", () => {
  test.each(LAYER_STACKS)("%s", async (_, layers, expected) => {
    expect(await names(...layers)).toEqual([...expected].sort());
  });

  test("a directory that a layer only implies keeps what the layer below says of it", async () => {
    const below: TarFields = {
      name: "private",
      type: "5",
      mode: 0o3750,
      uid: 33,
      gid: 44,
      pax: { mtime: "77.5", "SCHILY.xattr.user.a": "b" },
    };
    const root: TarFields = { name: "./", type: "5", mode: 0o711, mtime: 5 };
    const layers = [archive(root, below, file("private/x")), archive(file("private/y"))];
    const { lower, notes } = await unpackLayers(sandbox, layers);
    const facts = mountedFacts(lower);
    expect(facts["private"]).toBe("mode=43750 owner=33:44 mtime=77500000000 user.a=62");
    expect(facts["."]).toBe("mode=40711 owner=0:0 mtime=5000000000");
    expect(notes).toEqual([]);
  });

  test("implied directories of nothing are plain", async () => {
    const { lower } = await unpackLayers(sandbox, [archive(file("a/b/c"))]);
    const facts = treeFacts(lower[0] ?? "");
    for (const path of [".", "a", "a/b"]) {
      expect(facts[path]).toBe("mode=40755 owner=0:0 mtime=0");
    }
  });

  test("hard links into layers below: the target comes up with everything it has", async () => {
    const pax = { mtime: "9.25", "SCHILY.xattr.user.a": "b" };
    const layers = [
      archive(
        { name: "bin/tool", mode: 0o4755, uid: 5, gid: 6, data: "content", pax },
        symlink("bin/s", "tool"),
        { name: "bin/p", type: "6", uid: 7 },
        { name: "bin/n", type: "3", major: 1, minor: 3, mode: 0o666 },
      ),
      archive(
        hardLink("l1", "bin/tool"),
        hardLink("l2", "/bin/tool"),
        hardLink("l3", "bin/s"),
        hardLink("l4", "bin/p"),
        hardLink("l5", "bin/n"),
      ),
    ];
    const { lower } = await unpackLayers(sandbox, layers);
    const upper = treeFacts(lower[0] ?? "");
    const below = treeFacts(lower[1] ?? "");
    expect(upper["l1"]).toBe(`${below["bin/tool"]} links=bin/tool,l1,l2`);
    expect(upper["l3"]).toBe(`${below["bin/s"]} links=bin/s,l3`);
    expect(upper["l4"]).toBe(`${below["bin/p"]} links=bin/p,l4`);
    expect(upper["l5"]).toBe(`${below["bin/n"]} links=bin/n,l5`);
    expect(upper["l1"]).toContain("mode=104755 owner=5:6 mtime=9250000000");
  });

  test("a hard link cannot reach what this layer hides", async () => {
    const below = archive(file("f"), directory("d"), file("d/g"));
    const hidden = [
      archive(whiteout("f"), hardLink("h", "f")),
      archive(opaque("d"), hardLink("h", "d/g")),
    ];
    for (const [index, layer] of hidden.entries()) {
      const outcome = unpackLayers(join(sandbox, String(index)), [below, layer]);
      await expect(outcome).rejects.toThrow(/make the hard link "h": "(f|d\/g)" does not exist/);
    }
  });

  test("a hard link to itself changes nothing; one over an entry replaces it", async () => {
    const layer = archive(file("a"), hardLink("a", "./a"), file("b"), hardLink("b", "a"));
    const { lower } = await unpackLayers(sandbox, [layer]);
    const facts = treeFacts(lower[0] ?? "");
    expect(facts["a"]).toContain("size=1 ");
    expect(facts["b"]).toEndWith("links=a,b");
  });

  test("of two entries with one name the later counts, for directories their metadata", async () => {
    const layer = archive(
      file("f", "one"),
      file("f", "two!"),
      directory("d", 0o700),
      file("d/x"),
      { ...directory("d", 0o1777), uid: 3, mtime: 9 },
      symlink("s", "one"),
      symlink("s", "two"),
    );
    const facts = treeFacts((await unpackLayers(sandbox, [layer])).lower[0] ?? "");
    expect(facts["f"]).toContain("size=4 ");
    expect(facts["d"]).toBe("mode=41777 owner=3:0 mtime=9000000000");
    expect(facts["d/x"]).toContain("size=3 ");
    expect(facts["s"]).toContain("target=two");
  });

  test("a sparse file keeps its holes", async () => {
    const pax = {
      "GNU.sparse.size": "1073741824",
      "GNU.sparse.numblocks": "1",
      "GNU.sparse.map": "536870912,4",
    };
    const layer = archive({ name: "s", data: "data", pax });
    const { lower } = await unpackLayers(sandbox, [layer]);
    const status = statSync(join(lower[0] ?? "", "s"));
    expect(status.size).toBe(1_073_741_824);
    expect(status.blocks).toBeLessThan(64);
  });

  test("capabilities, ACLs and times come out as they went in", async () => {
    const capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const acl =
      "\x02\0\0\0\x01\0\x06\0\xff\xff\xff\xff\x02\0\x04\0\xe8\x03\0\0\x04\0\x04\0\xff\xff\xff\xff" +
      "\x10\0\x04\0\xff\xff\xff\xff\x20\0\x00\0\xff\xff\xff\xff";
    const pax = {
      mtime: "-3.75",
      "SCHILY.xattr.security.capability": capability,
      "SCHILY.xattr.system.posix_acl_access": acl,
    };
    const layer = archive({ name: "f", mode: 0o640, uid: 1000, data: "x", pax });
    const { lower, notes } = await unpackLayers(sandbox, [layer]);
    const facts = treeFacts(lower[0] ?? "")["f"];
    const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");
    expect(facts).toContain("mode=100640 owner=1000:0 mtime=-3750000000");
    expect(facts).toContain(`security.capability=${hex(capability)}`);
    expect(facts).toContain(`system.posix_acl_access=${hex(acl)}`);
    expect(notes).toEqual([]);
  });

  test("owners of a single user are told once, not kept", async () => {
    const layer = archive({ name: "a", uid: 33 }, { name: "b", gid: 5 }, { name: "c" });
    const { lower, notes } = await unpackLayers(sandbox, [layer], { ownership: "single" });
    expect(treeFacts(lower[0] ?? "")["a"]).toContain("owner=0:0");
    expect(notes).toEqual(["2 entries: owner not kept, there is a single user here"]);
  });
});

test("nothing is left open", async () => {
  const entries = Array.from({ length: 300 }, (_, index) => file(`d${index}/f`));
  const ownership = isRoot ? "keep" : "single";
  const { readdirSync } = await import("node:fs");
  const before = readdirSync("/proc/self/fd").length;
  const { lower } = await unpackLayers(sandbox, [archive(...entries)], { ownership });
  expect(existsSync(join(lower[0] ?? "", "d299", "f"))).toBe(true);
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
});
