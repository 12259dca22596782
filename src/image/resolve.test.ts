import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { named, TestLayout } from "../../test/fixtures/image-layout.ts";
import { archive } from "../../test/fixtures/tar-archive.ts";
import { digestOf } from "../../test/fixtures/unpacked-layers.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import { OCI_CONFIG, OCI_LAYER_GZIP } from "../oci/media-types.ts";
import { ContentStore } from "./content/content-store.ts";
import { layerPath } from "./record.ts";
import { type ResolveOptions, resolveImage } from "./resolve.ts";

let folder = "";
let layout: TestLayout;
let storeRoot = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ocicat-resolve-"));
  layout = new TestLayout(join(folder, "layout"));
  storeRoot = join(folder, "store");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const layerOf = (name: string): Buffer => archive({ name, data: name });

interface Resolved {
  readonly digest: string;
  readonly config: ImageConfig;
  readonly notes: readonly string[];
  /** Folders, topmost first. */
  readonly lower: readonly string[];
}

async function resolveReference(
  reference: string,
  options: ResolveOptions = {},
): Promise<Resolved> {
  const choice = { storeRoot, format: "directory", ...options } as const;
  using image = await resolveImage(reference, choice);
  const layers = image.root.format === "directory" ? image.root.layers : [];
  const lower = layers.map((layer) => layerPath(storeRoot, layer));
  return { digest: image.digest, config: image.config, notes: image.notes, lower };
}

async function resolve(suffix = "", options: ResolveOptions = {}): Promise<Resolved> {
  return await resolveReference(`oci:${layout.folder}${suffix}`, options);
}

async function failure(promise: Promise<unknown>): Promise<OcicatError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OcicatError);
  return error as OcicatError;
}

describe("choosing", () => {
  const image = (name: string): Descriptor =>
    layout.addImage({ layers: [layerOf(name)], config: { Labels: { name } } });

  test("the only image, whatever its name; a name; a digest", async () => {
    const one = image("one");
    layout.setIndex([one]);
    expect((await resolve()).digest).toBe(one.digest);
    const two = image("two");
    layout.setIndex([named(one, "1"), named(two, "docker.io/library/x:2")]);
    expect((await resolve(":1")).config.Labels).toEqual({ name: "one" });
    expect((await resolve(":docker.io/library/x:2")).digest).toBe(two.digest);
    expect((await resolve(":2")).digest).toBe(two.digest);
    expect((await resolve(`@${two.digest}`)).config.Labels).toEqual({ name: "two" });
  });

  test("a digest that only a nested index has", async () => {
    const one = image("one");
    layout.setIndex([named(layout.addIndex([one]), "x")]);
    expect((await resolve(`@${one.digest}`)).digest).toBe(one.digest);
  });

  test("what is missing or ambiguous is told with the names that there are", async () => {
    const one = image("one");
    expect((await failure(resolve())).reason).toBe("it is empty");
    layout.setIndex([named(one, "a"), named(image("two"), "b")]);
    const ambiguous = await failure(resolve());
    expect(ambiguous.reason).toBe("it has several, and none was named");
    expect(ambiguous.hint).toBe('names in this layout: "a", "b"');
    expect((await failure(resolve(":c"))).reason).toBe('it has no "c"');
    expect((await failure(resolve(`@sha256:${"0".repeat(64)}`))).code).toBe("not-found");
  });

  test("platforms: of an index, of descriptors of one name, of one that was asked for", async () => {
    const platforms = ["amd64", "arm64", "riscv64"].map((architecture) => {
      const platform = { os: "linux", architecture };
      return { ...layout.addImage({ layers: [layerOf(architecture)], platform }), platform };
    });
    layout.setIndex([named(layout.addIndex(platforms), "nested")]);
    const host = process.arch === "arm64" ? 1 : 0;
    expect((await resolve(":nested")).digest).toBe(platforms[host]?.digest ?? "");
    const other = { platform: "linux/riscv64" };
    expect((await resolve(":nested", other)).digest).toBe(platforms[2]?.digest ?? "");
    expect((await resolve(":nested")).digest).toBe(platforms[host]?.digest ?? "");
    layout.setIndex(platforms.map((each) => named(each, "flat")));
    expect((await resolve(":flat", other)).digest).toBe(platforms[2]?.digest ?? "");
    const missing = await failure(resolve(":flat", { platform: "linux/s390x" }));
    expect(missing.reason).toBe("it has linux/amd64, linux/arm64, linux/riscv64");
  });

  test("an image for another platform is refused only where one was asked for", async () => {
    const platform = { os: "linux", architecture: "riscv64" };
    layout.setIndex([layout.addImage({ layers: [layerOf("x")], platform })]);
    expect((await failure(resolve("", { platform: "linux/amd64" }))).code).toBe("not-found");
    expect((await resolve()).lower).toHaveLength(1);
  });

  test.each(["oci:", "oci::tag", "Debian", ""])("%p is no reference", async (reference) => {
    expect((await failure(resolveReference(reference))).code).toBe("invalid-argument");
  });

  test("names and IDs of the store", async () => {
    const one = image("one");
    layout.setIndex([one]);
    const { digest } = await resolve();
    const missing = await failure(resolveReference("debian:12"));
    expect(missing.code).toBe("not-found");
    expect(missing.hint).toContain("ocicat pull");
    using store = new ContentStore(storeRoot);
    await store.setName("docker.io/library/debian:12", one);
    await store.setName("registry.example/team/debian:latest", one);
    await store.setName("as skopeo wrote it", one);
    const hex = digest.slice("sha256:".length);
    for (const text of [
      ...["debian:12", "docker.io/debian:12", `debian@${digest}`, "as skopeo wrote it"],
      ...[digest, hex, hex.slice(0, 12)],
    ]) {
      expect((await resolveReference(text)).digest).toBe(digest);
    }
    const ownRegistry = { defaultDomain: "registry.example" };
    expect((await resolveReference("team/debian", ownRegistry)).digest).toBe(digest);
    for (const text of ["debian", "debian:13", `ubuntu@${digest}`, "0".repeat(64)]) {
      expect((await failure(resolveReference(text))).code).toBe("not-found");
    }
  });

  test("an image that has lost its names, by its digest: containers are started again", async () => {
    layout.setIndex([image("one")]);
    const first = await resolve();
    using store = new ContentStore(storeRoot);
    await store.removeDescriptors(store.names()[0]?.descriptor.digest ?? image("one").digest);
    expect(store.names()).toEqual([]);
    expect(await resolveReference(first.digest)).toEqual(first);
    rmSync(join(storeRoot, "images"), { recursive: true });
    expect(await resolveReference(first.digest)).toEqual(first);
    expect((await failure(resolveReference(first.digest.slice(0, 30)))).code).toBe("not-found");
  });

  test("an image of the store whose record is gone", async () => {
    layout.setIndex([image("one")]);
    const first = await resolve();
    using store = new ContentStore(storeRoot);
    await store.setName("docker.io/library/x:latest", store.names()[0]?.descriptor ?? image("one"));
    rmSync(join(storeRoot, "images"), { recursive: true });
    rmSync(join(storeRoot, "layers"), { recursive: true });
    expect(await resolveReference("x")).toEqual(first);
    expect(readdirSync(first.lower[0] ?? "")).toEqual(["one"]);
  });
});

describe("documents", () => {
  test("not a layout, a layout of another version", async () => {
    expect((await failure(resolveReference(`oci:${folder}`))).reason).toBe("it has no index.json");
    layout.setIndex([layout.addImage({ layers: [layerOf("x")] })]);
    writeFileSync(join(layout.folder, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
    expect((await failure(resolve())).code).toBe("invalid-config");
    rmSync(join(layout.folder, "oci-layout"));
    expect((await failure(resolve())).reason).toBe("it has no file oci-layout");
  });

  test("a blob that is missing, changed, of another size, no file", async () => {
    const image = layout.addImage({ layers: [layerOf("x")] });
    layout.setIndex([image]);
    const path = layout.blobPath(image);
    const content = readFileSync(path, "utf8");
    writeFileSync(path, content.replace("gzip", "zstd"));
    expect((await failure(resolve())).message).toMatch(/^verify the blob sha256:.* its digest is /);
    writeFileSync(path, `${content} `);
    expect((await failure(resolve())).reason).toMatch(/^it has \d+ bytes instead of \d+$/);
    rmSync(path);
    expect((await failure(resolve())).code).toBe("not-found");
    mkdirSync(path);
    expect((await failure(resolve())).reason).toBe("it is not a regular file");
    rmSync(path, { recursive: true });
    expect(Bun.spawnSync(["mkfifo", path]).exitCode).toBe(0);
    expect((await failure(resolve())).reason).toBe("it is not a regular file");
  });

  test("documents that are too large, indexes without end", async () => {
    layout.setIndex([{ ...layout.addImage({ layers: [] }), size: 5_000_000 }]);
    expect((await failure(resolve())).code).toBe("exhausted");
    let nested = layout.addImage({ layers: [] });
    for (let depth = 0; depth < 5; depth += 1) {
      nested = layout.addIndex([nested]);
    }
    layout.setIndex([nested]);
    expect((await failure(resolve())).reason).toBe("indexes are nested more than 4 deep");
    writeFileSync(join(layout.folder, "index.json"), " ".repeat(5_000_000));
    expect((await failure(resolve())).code).toBe("exhausted");
  });

  test("artifacts, layers of unknown types, lists that do not agree", async () => {
    const artifact = layout.addDocument({}, "application/vnd.example+json");
    layout.setIndex([layout.addManifest(artifact, [])]);
    expect((await failure(resolve())).code).toBe("unsupported");
    const image = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [] } };
    const config = layout.addDocument(image, OCI_CONFIG);
    layout.setIndex([layout.addManifest(config, [layout.addBlob("x", "text/plain")])]);
    expect((await failure(resolve())).reason).toBe('a layer is of type "text/plain"');
    layout.setIndex([layout.addManifest(config, [layout.addBlob("x", OCI_LAYER_GZIP)])]);
    expect((await failure(resolve())).reason).toBe("it lists 0 layers, the manifest 1");
  });

  test("a layer that is not what the configuration says leaves nothing behind", async () => {
    const diffIds = [digestOf(Buffer.from("other"))];
    layout.setIndex([layout.addImage({ layers: [layerOf("x")], diffIds })]);
    expect((await failure(resolve())).message).toMatch(/^verify the uncompressed layer sha256:/);
    for (const name of ["layers", "images", "staging"]) {
      expect(readdirSync(join(storeRoot, name))).toEqual([]);
    }
  });
});

describe("the store", () => {
  const three = (): Descriptor =>
    layout.addImage({
      layers: [layerOf("a"), layerOf("b"), layerOf("c")],
      config: { Cmd: ["x"], User: "5" },
    });

  test("layers topmost first, the configuration, and private folders", async () => {
    layout.setIndex([three()]);
    const { lower, config, notes } = await resolve();
    expect(lower.map((path) => readdirSync(path))).toEqual([["c"], ["b"], ["a"]]);
    expect(config).toEqual({ Cmd: ["x"], User: "5" });
    expect(notes).toEqual([]);
    expect(statSync(storeRoot).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(storeRoot, "staging"))).toEqual([]);
  });

  test("a second run needs only index.json", async () => {
    layout.setIndex([named(three(), "x")]);
    const first = await resolve(":x");
    rmSync(join(layout.folder, "blobs"), { recursive: true });
    rmSync(join(layout.folder, "oci-layout"));
    expect(await resolve(":x")).toEqual(first);
  });

  test("images share the layers that they begin with, and no others", async () => {
    const base = [layerOf("a"), layerOf("b")];
    const one = layout.addImage({ layers: base });
    const two = layout.addImage({ layers: [...base, layerOf("c")] });
    const other = layout.addImage({ layers: [layerOf("z"), layerOf("b")] });
    layout.setIndex([named(one, "1"), named(two, "2"), named(other, "3")]);
    const [first, second, third] = [await resolve(":1"), await resolve(":2"), await resolve(":3")];
    expect(second.lower.slice(1)).toEqual([...first.lower]);
    expect(third.lower[0]).not.toBe(first.lower[0] ?? "");
    expect(readdirSync(join(storeRoot, "layers"))).toHaveLength(5);
  });

  test("a layer that is gone, a record that is spoiled: made again", async () => {
    layout.setIndex([three()]);
    const first = await resolve();
    rmSync(join(first.lower[1] ?? "", ".."), { recursive: true });
    expect(await resolve()).toEqual(first);
    expect(existsSync(join(first.lower[1] ?? "", "b"))).toBe(true);
    const [record = ""] = readdirSync(join(storeRoot, "images"));
    for (const content of ["", "{", '{"version":0}', "[]", '{"version":1,"layers":[1]}']) {
      writeFileSync(join(storeRoot, "images", record), content);
      expect(await resolve()).toEqual(first);
    }
  });

  test("what a layer says of itself is spoiled: the layer stays as it is", async () => {
    layout.setIndex([three()]);
    const first = await resolve();
    for (const content of ["", "{", "[]", "null"]) {
      writeFileSync(join(first.lower[1] ?? "", "../layer.json"), content);
      rmSync(join(storeRoot, "images"), { recursive: true });
      expect(await resolve()).toEqual(first);
    }
  });

  test("what killed processes left in staging goes, what is being made stays", async () => {
    layout.setIndex([three()]);
    const staging = join(storeRoot, "staging");
    mkdirSync(join(staging, "sha256-dead", "fs"), { recursive: true });
    mkdirSync(join(staging, "sha256-dead.removed-3", "x"), { recursive: true });
    writeFileSync(join(staging, "sha256-dead.lock"), "");
    mkdirSync(join(staging, "sha256-live", "fs"), { recursive: true });
    const holder = Bun.spawn(["flock", join(staging, "sha256-live.lock"), "cat"], {
      stdin: "pipe",
      stdout: "pipe",
    });
    holder.stdin.write("go");
    await holder.stdin.flush();
    await holder.stdout.getReader().read();
    await resolve();
    expect(readdirSync(staging).sort()).toEqual(["sha256-live", "sha256-live.lock"]);
    await holder.stdin.end();
    await holder.exited;
  });

  test("a leftover of the very layer is replaced", async () => {
    layout.setIndex([three()]);
    const first = await resolve();
    const layer = join(first.lower[2] ?? "", "..");
    const name = layer.slice(layer.lastIndexOf("/") + 1);
    renameSync(layer, join(storeRoot, "staging", name));
    writeFileSync(join(storeRoot, "staging", name, "fs", "half-made"), "");
    expect(await resolve()).toEqual(first);
    expect(readdirSync(first.lower[2] ?? "")).toEqual(["a"]);
  });

  test("the same image asked for at once, in one process: each layer is made once", async () => {
    layout.setIndex([three()]);
    const reads: string[] = [];
    const onEvent: ResolveOptions["onEvent"] = (event) => {
      if (event.kind === "layer" && event.phase === "unpacking" && event.bytes === event.of) {
        reads.push(event.digest);
      }
    };
    const images = await Promise.all(Array.from({ length: 6 }, () => resolve("", { onEvent })));
    expect(new Set(images.map((image) => JSON.stringify(image))).size).toBe(1);
    expect(reads).toHaveLength(3);
    expect(new Set(reads).size).toBe(3);
    expect(readdirSync(join(storeRoot, "staging"))).toEqual([]);
  });

  const code = `
    const { resolveImage } = await import(${JSON.stringify(join(import.meta.dir, "resolve.ts"))});
    const [reference, storeRoot] = process.argv.slice(-2);
    using image = await resolveImage(reference, { storeRoot, format: "directory" });
    console.log(JSON.stringify(image));
  `;
  const command = (): string[] => [
    ...[process.execPath, "-e", code],
    ...[`oci:${layout.folder}`, storeRoot],
  ];

  test("the same image asked for at once, by several processes", async () => {
    const big = archive(...Array.from({ length: 400 }, (_, index) => ({ name: `d${index}/f` })));
    layout.setIndex([layout.addImage({ layers: [big, layerOf("b")] })]);
    const children = Array.from({ length: 4 }, () =>
      Bun.spawn(command(), { stdout: "pipe", stderr: "pipe" }),
    );
    const outputs = await Promise.all(children.map((child) => new Response(child.stdout).text()));
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0]);
    expect(new Set(outputs).size).toBe(1);
    expect(JSON.parse(outputs[0] ?? "").root.layers).toHaveLength(2);
    expect(readdirSync(join(storeRoot, "layers"))).toHaveLength(2);
    expect(readdirSync(join(storeRoot, "staging"))).toEqual([]);
  });

  test("killed at any moment, the next run has all of it", async () => {
    const big = archive(...Array.from({ length: 300 }, (_, index) => ({ name: `d${index}/f` })));
    layout.setIndex([layout.addImage({ layers: [big, layerOf("b")] })]);
    for (let round = 0; round < 8; round += 1) {
      const child = Bun.spawn(command(), { stdout: "ignore", stderr: "ignore" });
      await seen(() => readdirSync(storeRoot).length > 0 && round % 2 === 0);
      await Bun.sleep(round * 12);
      child.kill("SIGKILL");
      await child.exited;
      const { lower } = await resolve();
      expect(readdirSync(lower[1] ?? "")).toHaveLength(300);
      expect(readdirSync(join(storeRoot, "staging"))).toEqual([]);
      rmSync(storeRoot, { recursive: true });
    }
  });
});

/** Until it is so, or for a tenth of a second. */
async function seen(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 100;
  while (performance.now() < deadline) {
    await Bun.sleep(1);
    if (existsSync(storeRoot) && check()) {
      return;
    }
  }
}

describe.skipIf(process.geteuid?.() !== 0 || Bun.which("setpriv") === null)("rootless", () => {
  test("an ordinary user unpacks what it can and is told the rest", async () => {
    const xattrs = {
      "SCHILY.xattr.user.kept": "1",
      "SCHILY.xattr.trusted.lost": "1",
      "SCHILY.xattr.security.capability": "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    };
    const base = archive(
      { name: "closed", type: "5", mode: 0, uid: 33 },
      { name: "closed/f", mode: 0o4444, gid: 5, data: "x", pax: xattrs },
      { name: "null", type: "3", major: 1, minor: 3 },
      { name: "d", type: "5" },
      { name: "d/gone" },
      { name: "gone" },
    );
    const upper = archive({ name: "d/.wh..wh..opq" }, { name: ".wh.gone" });
    layout.setIndex([layout.addImage({ layers: [base, upper] })]);
    mkdirSync(storeRoot);
    chownSync(storeRoot, 12_345, 12_345);
    chmodSync(folder, 0o755);
    const script = `
      const { resolveImage } = await import(${JSON.stringify(join(import.meta.dir, "resolve.ts"))});
      using image = await resolveImage("oci:${layout.folder}", { storeRoot: "${storeRoot}" });
      console.log(JSON.stringify(image));
      using again = await resolveImage("oci:${layout.folder}", { storeRoot: "${storeRoot}" });
      console.log(JSON.stringify(again.notes));
    `;
    const child = Bun.spawnSync([
      ...["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"],
      ...[process.execPath, "-e", script],
    ]);
    expect(child.stderr.toString()).toBe("");
    const [first = "", again] = child.stdout.toString().trim().split("\n");
    const { root, notes } = JSON.parse(first);
    expect(again).toBe("[]");
    const lower = root.layers.map((layer: string) => layerPath(storeRoot, layer));
    const facts = statSync(join(lower[1], "closed"));
    expect([facts.mode & 0o7777, facts.uid]).toEqual([0, 12_345]);
    expect(statSync(join(lower[1], "closed", "f")).mode & 0o7777).toBe(0o4444);
    expect(existsSync(join(lower[1], "null"))).toBe(false);
    expect(statSync(join(lower[0], "gone")).rdev).toBe(0);
    const xattr = Bun.spawnSync(["getfattr", "-n", "user.overlay.opaque", join(lower[0], "d")]);
    expect(xattr.stdout.toString()).toContain('user.overlay.opaque="y"');
    const digest = /^sha256:[0-9a-f]{64}: /;
    expect(notes.map((note: string) => note.replace(digest, "")).sort()).toEqual([
      "1 entry: device node left out, an ordinary user cannot make one",
      '1 entry: extended attribute "security.capability" not possible here',
      '1 entry: extended attribute "trusted.lost" not possible here',
      "2 entries: owner not kept, there is a single user here",
    ]);
  });
});
