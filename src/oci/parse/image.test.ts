import { describe, expect, test } from "bun:test";
import {
  DOCKER_INDEX,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_EMPTY,
  OCI_INDEX,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from "../media-types.ts";
import { faultsOf } from "./edit.fixture.ts";
import {
  decodeDescriptor,
  decodeImage,
  decodeImageDocument,
  decodeImageLayout,
  decodeIndex,
  decodeManifest,
  IMAGE_DOCUMENT_LENGTH_MAX,
} from "./image.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;
const CONFIG = { mediaType: OCI_CONFIG, digest: DIGEST, size: 7 };

/** With every property of the model. */
const DESCRIPTOR = {
  mediaType: OCI_MANIFEST,
  digest: `sha512:${"0a".repeat(64)}`,
  size: 123,
  urls: ["https://example.com/blob"],
  annotations: { "org.opencontainers.image.ref.name": "latest", empty: "" },
  data: "e30=",
  artifactType: "application/x-test",
  platform: {
    architecture: "arm",
    os: "linux",
    variant: "v7",
    "os.version": "6",
    "os.features": ["x"],
  },
};

const INDEX = {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  artifactType: "application/x-test",
  manifests: [DESCRIPTOR, CONFIG],
  subject: CONFIG,
  annotations: { a: "b" },
};

const MANIFEST = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  artifactType: "application/x-test",
  config: CONFIG,
  layers: [
    { mediaType: OCI_LAYER_ZSTD, digest: DIGEST, size: 1 },
    { mediaType: DOCKER_LAYER_GZIP, digest: DIGEST, size: 0 },
  ],
  subject: DESCRIPTOR,
  annotations: { a: "b" },
};

const IMAGE = {
  architecture: "amd64",
  os: "linux",
  variant: "v2",
  "os.version": "6",
  "os.features": ["x"],
  created: "2026-01-01T00:00:00Z",
  author: "somebody",
  config: {
    User: "www-data:1",
    ExposedPorts: { "80/tcp": {}, "53/udp": null },
    Env: ["PATH=/bin", "ODD"],
    Entrypoint: ["/bin/sh", "-c"],
    Cmd: [""],
    Volumes: { "/data": {} },
    WorkingDir: "/srv",
    Labels: { a: "", b: "c" },
    StopSignal: "SIGRTMIN+3",
    Healthcheck: {
      Test: ["CMD", "true"],
      Interval: 1,
      Timeout: 2,
      StartPeriod: 3,
      StartInterval: 4,
      Retries: 5,
    },
    Shell: ["/bin/bash", "-c"],
    OnBuild: [5],
  },
  rootfs: { type: "layers", diff_ids: [DIGEST] },
  history: [
    { created: "2026-01-01T00:00:00Z", created_by: "x", author: "y", comment: "z" },
    { created_by: "ENV A=b", empty_layer: true },
  ],
};

describe("complete documents are returned with their content unchanged", () => {
  test("index", () => {
    expect<unknown>(decodeIndex(JSON.stringify(INDEX))).toEqual(INDEX);
  });
  test("manifest", () => {
    expect<unknown>(decodeManifest(JSON.stringify(MANIFEST))).toEqual(MANIFEST);
  });
  test("configuration", () => {
    expect<unknown>(decodeImage(JSON.stringify(IMAGE))).toEqual(IMAGE);
  });
  test("descriptor", () => {
    expect<unknown>(decodeDescriptor(JSON.stringify(DESCRIPTOR))).toEqual(DESCRIPTOR);
  });
  test("oci-layout", () => {
    expect(decodeImageLayout('{"imageLayoutVersion": "1.0.0"}').imageLayoutVersion).toBe("1.0.0");
  });
});

test("an image of no layers, as Go writes it", () => {
  const rootfs = { type: "layers", diff_ids: null };
  const image = decodeImage(JSON.stringify({ architecture: "a", os: "b", rootfs, config: null }));
  expect(image.rootfs.diff_ids).toEqual([]);
  expect(image.config).toBeUndefined();
  const manifest = decodeManifest(JSON.stringify({ ...MANIFEST, layers: null }));
  expect(manifest.layers).toEqual([]);
});

describe("a document is what its media type says", () => {
  test.each([
    [OCI_INDEX, INDEX, "index"],
    [DOCKER_INDEX, { ...INDEX, mediaType: DOCKER_INDEX }, "index"],
    [OCI_MANIFEST, MANIFEST, "manifest"],
    [DOCKER_MANIFEST, { ...MANIFEST, mediaType: undefined }, "manifest"],
  ])("%s", (mediaType, document, kind) => {
    expect<string>(decodeImageDocument(JSON.stringify(document), mediaType).kind).toBe(kind);
  });

  test("and nothing else", () => {
    expect(() => decodeImageDocument("{}", OCI_EMPTY, { subject: '"a:b"' })).toThrow(
      'read "a:b": "application/vnd.oci.empty.v1+json" is neither an image index nor an image manifest',
    );
  });
});

type Decoder = (text: string) => unknown;

const FAULTS: readonly (readonly [what: string, Decoder, unknown, readonly string[]])[] = [
  ["an empty index", decodeIndex, {}, ["schemaVersion: required", "manifests: required"]],
  ["an empty manifest", decodeManifest, {}, ["schemaVersion: required", "config: required"]],
  [
    "an empty configuration",
    decodeImage,
    {},
    ["architecture: required", "os: required", "rootfs: required"],
  ],
  ["an empty layout", decodeImageLayout, {}, ["imageLayoutVersion: required"]],
  [
    "a layout of another age",
    decodeImageLayout,
    { imageLayoutVersion: "2.0.0" },
    ['imageLayoutVersion: "2.0.0" is not supported, only 1.x is'],
  ],
  [
    "Docker's first schema",
    decodeManifest,
    { schemaVersion: 1, fsLayers: [], config: CONFIG },
    ["schemaVersion: 1 is not within 2 to 2", "fsLayers: belongs into another kind of document"],
  ],
  [
    "a manifest that is an index too",
    decodeManifest,
    { ...MANIFEST, manifests: [CONFIG] },
    ["manifests: belongs into another kind of document"],
  ],
  [
    "an index that is a manifest too",
    decodeIndex,
    { ...INDEX, mediaType: OCI_MANIFEST, layers: [], config: CONFIG },
    [
      'mediaType: "application/vnd.oci.image.manifest.v1+json" is the type of another document',
      "config: belongs into another kind of document",
      "layers: belongs into another kind of document",
    ],
  ],
  [
    "descriptors without identity",
    decodeIndex,
    {
      ...INDEX,
      manifests: [
        {},
        { mediaType: "x", digest: "sha256:../../etc", size: -1 },
        { mediaType: "x", digest: DIGEST, size: 1.5, platform: {} },
      ],
    },
    [
      "manifests[0].mediaType: required",
      "manifests[0].digest: required",
      "manifests[0].size: required",
      "manifests[1].digest: what follows the colon is not 64 hexadecimal digits in lower case",
      "manifests[1].size: -1 is not within 0 to 9007199254740991",
      "manifests[2].size: must be an integer, is 1.5",
      "manifests[2].platform.architecture: required",
      "manifests[2].platform.os: required",
    ],
  ],
  [
    "a configuration of wrong kinds",
    decodeImage,
    {
      ...IMAGE,
      config: { Env: "A=b", Cmd: "ls", User: 0, Labels: { a: 1 }, Volumes: ["/a"] },
      rootfs: { type: "squashfs", diff_ids: ["md5:1"] },
      history: [{ empty_layer: "yes" }],
    },
    [
      "config.User: must be a string, is 0",
      "config.Env: must be an array, is a string",
      "config.Cmd: must be an array, is a string",
      "config.Volumes: must be an object, is an array",
      'config.Labels["a"]: must be a string, is 1',
      'rootfs.type: "squashfs" is none of layers',
      "rootfs.diff_ids[0]: the algorithm is none of sha256, sha512",
      "history[0].empty_layer: must be true or false, is a string",
    ],
  ],
];

test.each(FAULTS)("%s", (_what, decodeDocument, document, faults) => {
  expect(faultsOf(() => decodeDocument(JSON.stringify(document)))).toEqual([...faults]);
});

test("a document has a greatest length", () => {
  const text = `{"a": "${"x".repeat(IMAGE_DOCUMENT_LENGTH_MAX)}"}`;
  expect(faultsOf(() => decodeManifest(text))).toEqual([": longer than 4194304 bytes"]);
});
