import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { archive, entry, type TarFields } from "../../../test/fixtures/tar-archive.ts";
import { digestOf } from "../../../test/fixtures/unpacked-layers.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageManifest } from "../../oci/image-spec.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from "../../oci/media-types.ts";
import type { ContentStore } from "../content/content-store.ts";
import { BRING_IN, errorOf, HOST, layersOf, TestPlace } from "./archives.fixture.ts";
import { type LoadedImage, loadArchive } from "./load-archive.ts";

const [ONE = Buffer.alloc(0), TWO = Buffer.alloc(0)] = layersOf("one", "two");

/** As Docker writes it, with what OCI does not know. */
function configOf(layers: readonly Buffer[]): string {
  return JSON.stringify({
    ...HOST,
    config: { Cmd: ["sh"] },
    container_config: { Hostname: "made-here" },
    docker_version: "20.10.24",
    rootfs: { type: "layers", diff_ids: layers.map(digestOf) },
    history: layers.map(() => ({ created_by: "a test" })),
  });
}

const CONFIG = configOf([ONE, TWO]);
const CONFIG_DIGEST = digestOf(Buffer.from(CONFIG));

function manifests(...entries: readonly object[]): TarFields {
  return { name: "manifest.json", data: JSON.stringify(entries) };
}

const ENTRY = {
  Config: "config.json",
  RepoTags: ["app:1", "registry.example:5000/team/app:2"],
  Layers: ["one/layer.tar", "two/layer.tar"],
};
const MEMBERS: readonly TarFields[] = [
  { name: "one/", type: "5" },
  { name: "one/layer.tar", data: ONE },
  { name: "two/layer.tar", data: TWO },
  { name: "config.json", data: CONFIG },
];

async function load(
  place: TestPlace,
  ...entries: readonly (TarFields | Buffer)[]
): Promise<{ store: ContentStore; loaded: readonly LoadedImage[] }> {
  const path = place.archive("archive.tar", ...entries);
  const store = place.store();
  return { store, loaded: await loadArchive(store, { kind: "path", path }, BRING_IN) };
}

function manifestOf(store: ContentStore, image: LoadedImage | undefined): ImageManifest {
  return JSON.parse(readFileSync(store.blobPath(image?.descriptor.digest ?? "sha256:"), "utf8"));
}

describe("a Docker archive", () => {
  test("keeps configuration, layers and names", async () => {
    using place = new TestPlace();
    const { store, loaded } = await load(place, ...MEMBERS, manifests(ENTRY));
    expect(loaded).toHaveLength(1);
    expect(loaded[0]?.imageId).toBe(CONFIG_DIGEST);
    expect(loaded[0]?.names).toEqual([
      "docker.io/library/app:1",
      "registry.example:5000/team/app:2",
    ]);
    expect(manifestOf(store, loaded[0])).toMatchObject({
      config: { mediaType: OCI_CONFIG, digest: CONFIG_DIGEST, size: CONFIG.length },
      layers: [ONE, TWO].map((layer) => ({
        mediaType: OCI_LAYER,
        digest: digestOf(layer),
        size: layer.length,
      })),
    });
    expect(readFileSync(store.blobPath(CONFIG_DIGEST), "utf8")).toBe(CONFIG);
  });

  test("gives the same image each time, whatever its members are called", async () => {
    using place = new TestPlace();
    const first = await load(place, ...MEMBERS, manifests(ENTRY));
    const renamed = { ...ENTRY, Config: "./c", Layers: ["./a.tar", "b.tar"], RepoTags: null };
    using other = new TestPlace();
    const second = await load(
      other,
      manifests(renamed),
      { name: "./b.tar", data: TWO },
      { name: "./a.tar", data: ONE },
      { name: "c", data: CONFIG },
    );
    expect(second.loaded[0]?.descriptor).toEqual(first.loaded[0]?.descriptor as never);
    expect(second.loaded[0]?.names).toEqual([]);
  });

  test("may have compressed layers", async () => {
    using place = new TestPlace();
    const packed = [gzipSync(ONE), zstdCompressSync(TWO)] as const;
    const { store, loaded } = await load(
      place,
      { name: "one/layer.tar", data: packed[0] },
      { name: "two/layer.tar", data: packed[1] },
      { name: "config.json", data: CONFIG },
      manifests(ENTRY),
    );
    expect(loaded[0]?.imageId).toBe(CONFIG_DIGEST);
    expect(manifestOf(store, loaded[0]).layers).toEqual([
      { mediaType: OCI_LAYER_GZIP, digest: digestOf(packed[0]), size: packed[0].length },
      { mediaType: OCI_LAYER_ZSTD, digest: digestOf(packed[1]), size: packed[1].length },
    ]);
  });

  test("may link layers to each other, as old versions do", async () => {
    using place = new TestPlace();
    const second = configOf([ONE]);
    const { loaded } = await load(
      place,
      ...MEMBERS,
      { name: "copy/layer.tar", type: "2", link: "../one/layer.tar" },
      { name: "hard.tar", type: "1", link: "copy/layer.tar" },
      { name: "second.json", data: second },
      manifests(ENTRY, { Config: "second.json", RepoTags: ["b"], Layers: ["hard.tar"] }),
    );
    expect(loaded.map(({ imageId }) => imageId)).toEqual([
      CONFIG_DIGEST,
      digestOf(Buffer.from(second)),
    ]);
    expect(loaded[1]?.names).toEqual(["docker.io/library/b:latest"]);
  });

  test("has one image under several names, and names that are none are left out", async () => {
    using place = new TestPlace();
    const { store, loaded } = await load(
      place,
      ...MEMBERS,
      manifests(ENTRY, { ...ENTRY, RepoTags: ["other", "NOT A NAME", "app:1"] }),
    );
    expect(loaded).toHaveLength(1);
    expect(store.names().map(({ name }) => name)).toEqual([
      "docker.io/library/app:1",
      "registry.example:5000/team/app:2",
      "docker.io/library/other:latest",
    ]);
  });

  test("takes a name from the image that had it", async () => {
    using place = new TestPlace();
    const { store } = await load(place, ...MEMBERS, manifests(ENTRY));
    const path = place.archive(
      "second.tar",
      { name: "c", data: configOf([TWO]) },
      { name: "l", data: TWO },
      manifests({ Config: "c", RepoTags: ["app:1"], Layers: ["l"] }),
    );
    const [image] = await loadArchive(store, { kind: "path", path }, BRING_IN);
    expect(store.findName("docker.io/library/app:1")).toEqual(image?.descriptor as never);
    expect(store.names()).toHaveLength(2);
  });
});

describe("an archive that is a layout too", () => {
  const blob = (content: Buffer | string): TarFields & { readonly digest: Digest } => {
    const data = Buffer.from(content);
    const digest = digestOf(data);
    return { name: `blobs/${digest.replace(":", "/")}`, data, digest };
  };
  const layers = [blob(gzipSync(ONE)), blob(gzipSync(TWO))] as const;
  const config = blob(CONFIG);
  const manifest = blob(
    JSON.stringify({
      schemaVersion: 2,
      config: { mediaType: OCI_CONFIG, digest: config.digest, size: CONFIG.length },
      layers: layers.map(({ digest, data }) => ({
        mediaType: OCI_LAYER_GZIP,
        digest,
        size: data?.length,
      })),
    }),
  );
  const layout = (annotations: object): readonly TarFields[] => [
    { name: "oci-layout", data: '{"imageLayoutVersion":"1.0.0"}' },
    {
      name: "index.json",
      data: JSON.stringify({
        schemaVersion: 2,
        manifests: [
          {
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            digest: manifest.digest,
            size: manifest.data?.length,
            annotations,
          },
        ],
      }),
    },
  ];
  const docker = manifests({
    Config: config.name,
    RepoTags: ["app:1"],
    Layers: layers.map(({ name }) => name),
  });
  const tagOnly = { "org.opencontainers.image.ref.name": "1" };

  test("is read as a layout when that is whole, with Docker's names for a mere tag", async () => {
    using place = new TestPlace();
    const { loaded } = await load(place, ...layout(tagOnly), ...layers, config, manifest, docker);
    expect(loaded[0]?.descriptor.digest).toBe(manifest.digest);
    expect(loaded[0]?.names).toEqual(["docker.io/library/app:1"]);
  });

  test.each([
    [{ "org.opencontainers.image.ref.name": "app:2" }, ["docker.io/library/app:2"]],
    [
      { ...tagOnly, "io.containerd.image.name": "docker.io/library/app:3" },
      ["docker.io/library/app:3"],
    ],
    [tagOnly, ["localhost/1:latest"]],
    [{}, []],
  ])("names of a layout alone: %j", async (annotations, names) => {
    using place = new TestPlace();
    const { loaded } = await load(place, ...layout(annotations), ...layers, config, manifest);
    expect(loaded[0]?.names).toEqual(names);
  });

  test("is read as a Docker archive when a blob of the layout is missing", async () => {
    using place = new TestPlace();
    const { loaded } = await load(place, ...layout(tagOnly), ...layers, config, docker);
    expect(loaded[0]?.imageId).toBe(CONFIG_DIGEST);
    expect(loaded[0]?.descriptor.digest).not.toBe(manifest.digest);
  });
});

describe("an archive from before Docker 1.10", () => {
  const upper = {
    id: "up",
    parent: "low",
    created: "2015-01-02T03:04:05Z",
    config: { Cmd: ["x"] },
  };
  const members: readonly TarFields[] = [
    { name: "repositories", data: JSON.stringify({ app: { old: "up" } }) },
    { name: "up/json", data: JSON.stringify({ ...upper, Size: 3, os: "linux" }) },
    { name: "up/layer.tar", data: TWO },
    {
      name: "low/json",
      data: JSON.stringify({ id: "low", container_config: { Cmd: ["a", "b"] } }),
    },
    { name: "low/layer.tar", data: ONE },
  ];

  test("becomes an image of today", async () => {
    using place = new TestPlace();
    const { store, loaded } = await load(place, ...members);
    expect(loaded[0]?.names).toEqual(["docker.io/library/app:old"]);
    const path = store.blobPath(loaded[0]?.imageId ?? "sha256:");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      architecture: "amd64",
      config: { Cmd: ["x"] },
      created: "2015-01-02T03:04:05Z",
      history: [{ created_by: "a b" }, { created: "2015-01-02T03:04:05Z" }],
      os: "linux",
      rootfs: { type: "layers", diff_ids: [digestOf(ONE), digestOf(TWO)] },
    });
  });

  test("whose layers go in a circle is refused", async () => {
    using place = new TestPlace();
    const low: TarFields = { name: "low/json", data: '{"parent": "up"}' };
    const path = place.archive("a.tar", ...members.filter(({ name }) => name !== low.name), low);
    const loading = loadArchive(place.store(), { kind: "path", path }, BRING_IN);
    expect(await errorOf(loading)).toContain("it has more than 500 layers");
  });
});

describe("refused, with nothing named", () => {
  const wrongLayer: TarFields = { name: "one/layer.tar", data: TWO };
  const without = (name: string) => MEMBERS.filter((member) => member.name !== name);
  const huge = Buffer.alloc(5 * 1024 * 1024, " ");

  test.each<[string, readonly (TarFields | Buffer)[], string]>([
    ["neither format", [{ name: "etc/passwd", data: "x" }], 'it has neither "oci-layout" nor'],
    ["a name above the archive", [{ name: "../x", data: "" }], "the name leads out of the archive"],
    ["an absolute name", [{ name: "/x", data: "" }], "the name leads out of the archive"],
    ["no configuration", [...without("config.json"), manifests(ENTRY)], 'it has no "config.json"'],
    ["no layer", [...without("two/layer.tar"), manifests(ENTRY)], 'it has no "two/layer.tar"'],
    ["another layer", [...without("one/layer.tar"), wrongLayer, manifests(ENTRY)], "its digest is"],
    ["too few layers", [...MEMBERS, manifests({ ...ENTRY, Layers: [] })], "it lists 2 layers"],
    [
      "a layer outside",
      [...MEMBERS, manifests({ ...ENTRY, Layers: ["../../etc/passwd", "/etc/passwd"] })],
      'it has no "../../etc/passwd"',
    ],
    [
      "two manifests",
      [...MEMBERS, manifests(ENTRY), manifests(ENTRY)],
      "it is there more than once",
    ],
    [
      "two configurations",
      [...MEMBERS, ...MEMBERS, manifests(ENTRY)],
      "it is there more than once",
    ],
    ["a huge manifest", [{ name: "manifest.json", data: huge }], "more than 4194304"],
    ["no JSON", [{ name: "manifest.json", data: "[{" }], "it is not a list of images"],
    ["another JSON", [{ name: "manifest.json", data: "{}" }], "it is not a list of images"],
    ["wrong fields", [manifests({ ...ENTRY, Layers: [1] })], "it is not a list of images"],
    [
      "a directory",
      [...without("config.json"), { name: "config.json", type: "5" }, manifests(ENTRY)],
      'it has no "config.json"',
    ],
    [
      "a link outside",
      [
        ...without("config.json"),
        { name: "config.json", type: "2", link: "../../../etc/passwd" },
        manifests(ENTRY),
      ],
      'it has no "config.json"',
    ],
    [
      "a link to itself",
      [
        ...without("config.json"),
        { name: "config.json", type: "2", link: "config.json" },
        manifests(ENTRY),
      ],
      "too many links",
    ],
    [
      "a broken layout",
      [
        { name: "oci-layout", data: "{}" },
        { name: "index.json", data: "{}" },
      ],
      "oci-layout",
    ],
  ])("%s", async (_, entries, reason) => {
    using place = new TestPlace();
    const path = place.archive("archive.tar", ...entries);
    const store = place.store();
    expect(await errorOf(loadArchive(store, { kind: "path", path }, BRING_IN))).toContain(reason);
    expect(store.names()).toEqual([]);
  });

  test("a sparse member", async () => {
    using place = new TestPlace();
    const sparse = entry({
      name: "config.json",
      data: CONFIG,
      pax: {
        "GNU.sparse.size": String(CONFIG.length),
        "GNU.sparse.numblocks": "1",
        "GNU.sparse.map": `0,${CONFIG.length}`,
      },
    });
    const rest = MEMBERS.filter(({ name }) => name !== "config.json");
    const path = place.archive("archive.tar", ...rest, sparse, manifests(ENTRY));
    const loading = loadArchive(place.store(), { kind: "path", path }, BRING_IN);
    expect(await errorOf(loading)).toContain("it is stored as a sparse file");
  });

  test("an archive that was cut off", async () => {
    using place = new TestPlace();
    const whole = archive(manifests(ENTRY), ...MEMBERS);
    const path = place.write("archive.tar", whole.subarray(0, whole.length - 1600));
    const loading = loadArchive(place.store(), { kind: "path", path }, BRING_IN);
    expect(await errorOf(loading)).toMatch(/the archive ends inside/);
  });
});
