// Manifests, indexes, configurations and names of images, malformed by the thousand: each parser answers with
// a value that holds what its type says, or with our own error. The seed makes each run the same;
// OCICAT_FUZZ_SEED sets another one.

import { expect, test } from "bun:test";
import { parseTemplate } from "../../src/cli/terminal/template/parse.ts";
import { OcicatError } from "../../src/error/ocicat-error.ts";
import { parseLayoutReference } from "../../src/image/layout-reference.ts";
import { isDigest, parseDigest } from "../../src/oci/digest.ts";
import {
  DOCKER_INDEX,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from "../../src/oci/media-types.ts";
import {
  decodeDescriptor,
  decodeImage,
  decodeImageDocument,
  decodeImageLayout,
  decodeIndex,
  decodeManifest,
} from "../../src/oci/parse/image.ts";
import { formatPlatform, parsePlatform } from "../../src/oci/platform.ts";
import { formatFamiliar, formatReference, parseReference } from "../../src/oci/reference.ts";
import { damagedText } from "../fixtures/damaged-text.ts";
import { seededRandom } from "../fixtures/random.ts";

const random = seededRandom(Number(process.env["OCICAT_FUZZ_SEED"] ?? 1));
const ROUNDS = 1000;
const DIGEST = `sha256:${"0a".repeat(32)}`;
const HOST = { os: "linux", architecture: "amd64" };

const CONFIG = { mediaType: OCI_CONFIG, digest: DIGEST, size: 7 };
const LAYER = {
  mediaType: OCI_LAYER_GZIP,
  digest: `sha512:${"0a".repeat(64)}`,
  size: 123,
  urls: ["https://example.com/blob"],
  annotations: { a: "b" },
};
const MANIFEST = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  artifactType: "application/x",
  config: CONFIG,
  layers: [LAYER],
  subject: { mediaType: OCI_MANIFEST, digest: DIGEST, size: 1 },
  annotations: { c: "d" },
};
const PLATFORM = { os: "linux", architecture: "arm", variant: "v7", "os.features": ["x"] };
const INDEX = {
  schemaVersion: 2,
  mediaType: OCI_INDEX,
  manifests: [{ mediaType: OCI_MANIFEST, digest: DIGEST, size: 1, platform: PLATFORM }],
};
const IMAGE = {
  os: "linux",
  architecture: "amd64",
  created: "2026-01-02T03:04:05Z",
  config: {
    User: "0:0",
    Env: ["A=b"],
    Cmd: ["sh"],
    Labels: { a: "b" },
    ExposedPorts: { "1/tcp": {} },
  },
  rootfs: { type: "layers", diff_ids: [DIGEST] },
  history: [{ created: "2026-01-02T03:04:05Z", created_by: "x", empty_layer: true }],
};

/** Another kind of value in the place of one of them, at any depth. */
function withStrangeValue(value: unknown): unknown {
  const strange = [null, 0, -1, 1e300, "", "x", [], {}, [null], true, "../..", { a: { b: 1 } }];
  const pick = <Item>(items: readonly Item[]): Item | undefined =>
    items[Math.floor(random() * items.length)];
  if (typeof value !== "object" || value === null || random() < 0.2) {
    return pick(strange);
  }
  const keys = Object.keys(value);
  const key = pick(keys);
  const change = (name: string, each: unknown) => (name === key ? withStrangeValue(each) : each);
  return Array.isArray(value)
    ? value.map((each, index) => change(String(index), each))
    : Object.fromEntries(Object.entries(value).map(([name, each]) => [name, change(name, each)]));
}

/** What the parser made of it; undefined: refused. Anything but our own errors is thrown. */
function answerOf<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof OcicatError && REFUSALS.includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}

const REFUSALS = ["invalid-config", "invalid-argument", "unsupported"];

/** How many of the texts are refused. All are answered, or refused by our own errors. */
function refusals(parse: (text: string) => unknown, textOf: (round: number) => string): number {
  let refused = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const text = textOf(round);
    refused += answerOf(() => parse(text) ?? true) === undefined ? 1 : 0;
  }
  return refused;
}

const DOCUMENTS: readonly (readonly [string, unknown, (text: string) => unknown])[] = [
  ["manifests", MANIFEST, (text) => decodeManifest(text)],
  ["indexes", INDEX, (text) => decodeIndex(text)],
  ["documents of a stated type", INDEX, (text) => decodeImageDocument(text, DOCKER_INDEX)],
  ["configurations", IMAGE, (text) => decodeImage(text)],
  ["descriptors", LAYER, (text) => decodeDescriptor(text)],
  ["marks of layouts", { imageLayoutVersion: "1.0.0" }, (text) => decodeImageLayout(text)],
];

test.each(DOCUMENTS)("malformed %s are read or refused", (_, document, parse) => {
  const sound = JSON.stringify(document);
  expect(parse(sound)).toBeDefined();
  const refused = refusals(parse, (round) =>
    round % 2 === 0 ? damagedText(sound, random) : JSON.stringify(withStrangeValue(document)),
  );
  // Else nothing was malformed.
  expect(refused).toBeGreaterThan(ROUNDS / 10);
});

test("a manifest that is read leads to content by digests and sizes alone", () => {
  let taken = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const manifest = answerOf(() => decodeManifest(JSON.stringify(withStrangeValue(MANIFEST))));
    for (const { digest, size } of manifest === undefined
      ? []
      : [manifest.config, ...manifest.layers]) {
      taken += 1;
      expect(isDigest(digest) && Number.isSafeInteger(size) && size >= 0).toBe(true);
    }
  }
  expect(taken).toBeGreaterThan(0);
});

const NAMES = [
  "debian",
  "debian:12",
  "localhost:5000/team/app:1.0",
  `[::1]:5000/a/b_c@${DIGEST}`,
  `docker://registry.example/library/a--b:t@${DIGEST}`,
];

test("a name that is read is the same when it is written and read again", () => {
  let taken = 0;
  for (let round = 0; round < ROUNDS * NAMES.length; round += 1) {
    const text = damagedText(NAMES[round % NAMES.length] ?? "", random);
    const reference = answerOf(() => parseReference(text));
    if (reference !== undefined) {
      taken += 1;
      expect(parseReference(formatReference(reference))).toEqual(reference);
      expect(parseReference(formatFamiliar(reference))).toEqual(reference);
      // It becomes a part of addresses and of paths.
      expect(/(^|\/)\.\.?(\/|$)|[\s?#%\\]/.test(formatReference(reference))).toBe(false);
    }
  }
  expect(taken).toBeGreaterThan(ROUNDS / 10);
});

const TEXTS: readonly (readonly [string, string, (text: string) => unknown])[] = [
  ["digests", DIGEST, parseDigest],
  ["platforms", "linux/arm64/v8", (text) => formatPlatform(parsePlatform(text, HOST))],
  ["references to layouts", `oci:/srv/layout:1.0@${DIGEST}`, parseLayoutReference],
  ["templates", 'table {{range .A}}{{if eq .B "c"}}{{join . ","}}{{end}}{{end}}', parseTemplate],
];

test.each(TEXTS)("malformed %s are read or refused", (_, sound, parse) => {
  expect(parse(sound)).toBeDefined();
  const refused = refusals(parse, () => damagedText(sound, random));
  expect(refused).toBeGreaterThan(ROUNDS / 10);
});
