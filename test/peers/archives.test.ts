// Archives of images between ocicat and docker, podman, skopeo and umoci, in both directions: the same
// names, image ids and, where the format has them, manifest digests. Needs root and the peers' lane's
// programs.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ContentStore } from "../../src/image/content/content-store.ts";
import { convertImage } from "../../src/image/formats/convert-image.ts";
import { exportImage } from "../../src/image/formats/export-rootfs.ts";
import { importRootfs } from "../../src/image/formats/import-rootfs.ts";
import { type LoadedImage, loadArchive } from "../../src/image/formats/load-archive.ts";
import { saveArchive } from "../../src/image/formats/save-archive.ts";
import type { SaveFormat } from "../../src/image/formats/save-plan.ts";
import { manifestFor, readStoredImage } from "../../src/image/formats/stored-image.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import { must } from "../../tools/peers/command.ts";
import { busyboxLayout, busyboxRoot, IMAGE_TAG } from "../../tools/peers/images.ts";
import { layeredLayout } from "../../tools/peers/registry-images.ts";
import { treeFacts } from "../fixtures/tree-facts.ts";
import { type Daemon, startDockerd } from "./daemons.ts";
import { Workspace } from "./workspace.ts";

const PROGRAMS = ["podman", "dockerd", "skopeo", "umoci"];
const isMissing =
  process.getuid?.() !== 0 || PROGRAMS.some((program) => Bun.which(program) === null);

const PLATFORM = {
  os: "linux",
  architecture: process.arch === "arm64" ? "arm64" : "amd64",
} as const;
const NAMES = ["ocicat.test/busybox:latest", "docker.io/library/layered:1.0"] as const;

function missing(): never {
  throw new Error("there is no image");
}

async function extract(tar: string, folder: string): Promise<void> {
  await mkdir(folder);
  await must(["tar", "--xattrs", "--xattrs-include=*", "-xpf", tar, "-C", folder]);
}

describe.skipIf(isMissing)("archives of images", () => {
  let workspace: Workspace;
  let store: ContentStore;
  let images: readonly { readonly descriptor: Descriptor; readonly names: readonly string[] }[];
  let loaded: readonly LoadedImage[];
  let count = 0;

  const fresh = (name: string): string => {
    count += 1;
    return join(workspace.folder, `${name}-${count}`);
  };

  const load = async (path: string): Promise<readonly LoadedImage[]> => {
    using other = new ContentStore(fresh("store"));
    const options = { platform: PLATFORM, format: "directory" } as const;
    return await loadArchive(other, { kind: "path", path }, options);
  };

  const save = async (format: SaveFormat, chosen = images): Promise<string> => {
    const path = fresh(format);
    await saveArchive(store, chosen, { kind: "path", path }, { format, platform: PLATFORM });
    return path;
  };

  const unpackedFacts = async (layout: string): Promise<Record<string, string>> => {
    const folder = fresh("unpacked");
    await must(["umoci", "raw", "unpack", "--image", `${layout}:${IMAGE_TAG}`, folder]);
    return treeFacts(folder);
  };

  const idsByName = (all: readonly LoadedImage[]): Record<string, string | undefined> =>
    Object.fromEntries(all.flatMap(({ names, imageId }) => names.map((name) => [name, imageId])));

  const podman = (...verb: readonly string[]): Promise<string> => {
    const { folder } = workspace;
    const places = [`--root=${folder}/podman`, `--runroot=${folder}/podman-run`];
    return must(["podman", ...places, "--storage-driver=vfs", ...verb]);
  };

  beforeAll(async () => {
    workspace = await Workspace.make("archives");
    store = new ContentStore(join(workspace.folder, "store"));
    const options = { platform: PLATFORM, format: "directory" } as const;
    const layouts = [await busyboxLayout(), await layeredLayout()];
    const all: LoadedImage[] = [];
    for (const [index, layout] of layouts.entries()) {
      const name = NAMES[index] ?? "";
      const [image] = await loadArchive(store, { kind: "path", path: layout }, options);
      if (image !== undefined) {
        await store.setName(name, image.descriptor);
        all.push({ ...image, names: [name] });
      }
    }
    loaded = all;
    images = all.map(({ descriptor, names }) => ({ descriptor, names }));
  }, 300_000);

  afterAll(async () => {
    store[Symbol.dispose]();
    await workspace.remove();
    expect(existsSync(workspace.folder)).toBe(false);
  });

  test("saved for docker: podman loads it, with the same ids", async () => {
    await podman("load", "--quiet", "--input", await save("docker-archive"));
    for (const { names, imageId } of loaded) {
      const id = await podman("image", "inspect", "--format", "{{.Id}}", names[0] ?? "");
      expect(`sha256:${id.trim()}`).toBe(imageId ?? "");
    }
    await podman("rmi", "--all", "--force");
  }, 120_000);

  test("saved as oci-archive: podman loads it, with the same manifest digest", async () => {
    for (const image of images) {
      await podman("load", "--quiet", "--input", await save("oci-archive", [image]));
      const digest = await podman("images", "--no-trunc", "--format", "{{.Digest}}");
      expect(digest.trim()).toBe(image.descriptor.digest);
      await podman("rmi", "--all", "--force");
    }
  }, 120_000);

  test.each([
    ["docker-archive", "docker-archive"],
    ["docker-archive", "oci-archive"],
    ["oci-archive", "oci-archive"],
    ["oci-dir", "oci"],
  ] as const)("saved as %s: skopeo finds every name by %s:", async (format, transport) => {
    const path = await save(format);
    for (const { names, imageId, descriptor } of loaded) {
      const place = `${transport}:${path}:${names[0]}`;
      const config = await must(["skopeo", "inspect", "--config", "--raw", place]);
      const hash = new Bun.CryptoHasher("sha256").update(config).digest("hex");
      expect(`sha256:${hash}`).toBe(imageId ?? "");
      if (transport !== "docker-archive") {
        const digest = await must(["skopeo", "inspect", "--format", "{{.Digest}}", place]);
        expect(digest.trim()).toBe(descriptor.digest);
      }
    }
  });

  test("saved as docker-dir: skopeo reads it", async () => {
    const [image] = images;
    const path = await save("docker-dir", images.slice(0, 1));
    const digest = await must(["skopeo", "inspect", "--format", "{{.Digest}}", `dir:${path}`]);
    expect(digest.trim()).toBe(image?.descriptor.digest ?? "");
    const copy = fresh("copy");
    await mkdir(copy);
    await must(["skopeo", "--insecure-policy", "copy", `dir:${path}`, `oci:${copy}:copied`]);
    expect((await load(copy)).map(({ descriptor }) => descriptor.digest)).toEqual([
      image?.descriptor.digest ?? "sha256:",
    ]);
  });

  test("saved as oci-dir: umoci unpacks it", async () => {
    const path = await save("oci-dir", images.slice(0, 1));
    const target = fresh("unpacked");
    const name = images[0]?.names[0] ?? "";
    // umoci's own names have no colon: it takes the last one for the end of the folder.
    const layout = JSON.parse(await Bun.file(join(path, "index.json")).text());
    layout.manifests[0].annotations["org.opencontainers.image.ref.name"] = IMAGE_TAG;
    await Bun.write(join(path, "index.json"), JSON.stringify(layout));
    expect(name).toContain(":");
    await must(["umoci", "raw", "unpack", "--image", `${path}:${IMAGE_TAG}`, target]);
    expect(existsSync(join(target, "bin/busybox"))).toBe(true);
  });

  test("podman saves, ocicat loads: every format, several images a file", async () => {
    await podman("load", "--quiet", "--input", await save("docker-archive"));
    const several = fresh("several");
    await podman("save", "--quiet", "--multi-image-archive", "--output", several, ...NAMES);
    expect(idsByName(await load(several))).toEqual(idsByName(loaded));
    for (const format of ["docker-archive", "oci-archive", "oci-dir"]) {
      const path = fresh(format);
      await podman("save", "--quiet", "--format", format, "--output", path, NAMES[1]);
      const [image, ...others] = await load(path);
      expect(others).toEqual([]);
      expect(image?.imageId).toBe(loaded[1]?.imageId ?? "sha256:");
      expect(image?.names).toEqual([NAMES[1]]);
    }
    await podman("rmi", "--all", "--force");
  }, 120_000);

  test("skopeo writes archives, ocicat loads them", async () => {
    const source = `oci:${await layeredLayout()}:${IMAGE_TAG}`;
    for (const transport of ["docker-archive", "oci-archive"]) {
      const path = fresh(transport);
      const target = `${transport}:${path}:${NAMES[1]}`;
      await must(["skopeo", "--insecure-policy", "copy", "--quiet", source, target]);
      const [image] = await load(path);
      expect(image?.imageId).toBe(loaded[1]?.imageId ?? "sha256:");
      expect(image?.names).toEqual([NAMES[1]]);
    }
  });

  test("an exported file system is what umoci unpacks and podman exports", async () => {
    await podman("load", "--quiet", "--input", await save("docker-archive"));
    for (const [index, layout] of [await busyboxLayout(), await layeredLayout()].entries()) {
      const image = images[index]?.descriptor;
      const name = NAMES[index] ?? "";
      const exported = fresh("exported.tar");
      const options = { platform: PLATFORM };
      await exportImage(store, image ?? missing(), { kind: "path", path: exported }, options);
      const ours = fresh("ours");
      await extract(exported, ours);
      const unpacked = fresh("unpacked");
      await must(["umoci", "raw", "unpack", "--image", `${layout}:${IMAGE_TAG}`, unpacked]);
      const facts = treeFacts(ours);
      expect(Object.keys(facts).length).toBeGreaterThan(20);
      expect(facts).toEqual(treeFacts(unpacked));
      await podman("create", "--name", `exported-${index}`, name, "/nothing");
      const podmans = fresh("podmans");
      await podman("export", "--output", `${podmans}.tar`, `exported-${index}`);
      await extract(`${podmans}.tar`, podmans);
      const theirs = treeFacts(podmans, { without: ["times", "root"] });
      expect(treeFacts(ours, { without: ["times", "root"] })).toEqual(theirs);
      await podman("rm", `exported-${index}`);
    }
    await podman("rmi", "--all", "--force");
  }, 120_000);

  test("an imported file system is what skopeo and podman take for an image", async () => {
    using other = new ContentStore(fresh("store"));
    const root = fresh("root.tar");
    await must(["tar", "-cf", root, "-C", await busyboxRoot(), "."]);
    const name = "localhost/imported:1";
    const imported = await importRootfs(
      other,
      { kind: "path", path: root },
      { platform: PLATFORM, format: "directory", names: [name], changes: ["CMD sh", "ENV a=b"] },
    );
    const path = fresh("imported");
    const saved = [{ descriptor: imported.descriptor, names: [name] }];
    const options = { format: "docker-archive", platform: PLATFORM } as const;
    await saveArchive(other, saved, { kind: "path", path }, options);
    await podman("load", "--quiet", "--input", path);
    const inspect = await podman("image", "inspect", "--format", "{{.Id}} {{.Config.Env}}", name);
    expect(inspect.trim()).toBe(`${imported.imageId?.slice("sha256:".length)} [a=b]`);
    await podman("rmi", "--all", "--force");
  });

  test.each([
    ["gzip", "oci"],
    ["none", "oci"],
    ["gzip", "docker"],
    ["none", "docker"],
  ] as const)(
    "converted to %s, %s: skopeo unpacks the same",
    async (compression, mediaTypes) => {
      using other = new ContentStore(fresh("store"));
      const bringIn = { platform: PLATFORM, format: "directory" } as const;
      const source = { kind: "path", path: await layeredLayout() } as const;
      const [image] = await loadArchive(other, source, bringIn);
      const { descriptor, imageId } = image ?? missing();
      const options = { ...bringIn, compression, mediaTypes, names: ["localhost/converted:1"] };
      const converted = await convertImage(other, descriptor, options);
      expect(converted.imageId).toBe(imageId ?? "sha256:");
      const path = fresh("converted");
      const saved = [{ descriptor: converted.descriptor, names: ["localhost/converted:1"] }];
      // skopeo finds no manifests of Docker's types in layouts.
      const [format, transport] =
        mediaTypes === "docker" ? (["docker-dir", "dir"] as const) : (["oci-dir", "oci"] as const);
      await saveArchive(other, saved, { kind: "path", path }, { format, platform: PLATFORM });
      const place = `${transport}:${path}`;
      const digest = await must(["skopeo", "inspect", "--format", "{{.Digest}}", place]);
      expect(digest.trim()).toBe(converted.descriptor.digest);
      const copy = fresh("copy");
      const target = `oci:${copy}:${IMAGE_TAG}`;
      await must(["skopeo", "--insecure-policy", "copy", "--quiet", place, target]);
      expect(await unpackedFacts(copy)).toEqual(await unpackedFacts(await layeredLayout()));
    },
    60_000,
  );

  test.each(["gzip", "zstd"] as const)(
    "converted to %s: its program finds the same",
    async (to) => {
      using other = new ContentStore(fresh("store"));
      const bringIn = { platform: PLATFORM, format: "directory" } as const;
      const source = { kind: "path", path: await layeredLayout() } as const;
      const [image] = await loadArchive(other, source, bringIn);
      const { descriptor } = image ?? missing();
      const converted = await convertImage(other, descriptor, {
        ...bringIn,
        compression: to,
        level: 5,
      });
      const { manifest, diffIds = [] } = manifestFor(
        readStoredImage(other, converted.descriptor),
        PLATFORM,
      );
      expect(diffIds.length).toBeGreaterThan(1);
      for (const [index, layer] of manifest.layers.entries()) {
        const script = `${to} -dc < "${other.blobPath(layer.digest)}" | sha256sum`;
        expect(`sha256:${(await must(["sh", "-c", script])).slice(0, 64)}`).toBe(
          diffIds[index] ?? "",
        );
      }
    },
  );

  describe("docker", () => {
    let dockerd: Daemon;

    const docker = async (...verb: readonly string[]): Promise<string> => {
      const command = ["/usr/bin/docker", "--host", `unix://${dockerd.socket}`];
      return await must([...command, ...verb], {
        environment: { DOCKER_CONFIG: workspace.folder },
      });
    };

    beforeAll(async () => {
      dockerd = await startDockerd(workspace);
    }, 120_000);

    afterAll(async () => {
      await dockerd.stop();
    });

    test("its containerd imports what is saved", async () => {
      const ctr = ["ctr", "--address", join(workspace.folder, "containerd.sock"), "images"];
      await must([...ctr, "import", "--digests", await save("docker-archive")]);
      const list = await must([...ctr, "list"]);
      for (const { names, descriptor } of loaded) {
        expect(list).toMatch(new RegExp(`^${names[0]} .* ${descriptor.digest} `, "m"));
      }
    });

    test("loads what is saved, with the same ids, and saves what ocicat loads", async () => {
      await docker("load", "--quiet", "--input", await save("docker-archive"));
      for (const { names, imageId } of loaded) {
        const id = await docker("image", "inspect", "--format", "{{.Id}}", names[0] ?? "");
        expect(id.trim()).toBe(imageId ?? "");
      }
      const path = fresh("docker-save");
      await docker("save", "--output", path, ...NAMES);
      expect(idsByName(await load(path))).toEqual(idsByName(loaded));
      const zipped = `${path}.gz`;
      await must(["sh", "-c", `gzip --fast < "${path}" > "${zipped}"`]);
      expect(idsByName(await load(zipped))).toEqual(idsByName(loaded));
    }, 120_000);
  });
});
