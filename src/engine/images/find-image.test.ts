// Images by the beginning of an ID, whatever its algorithm is.

import { expect, test } from "bun:test";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import { OCI_MANIFEST } from "../../oci/media-types.ts";
import type { Catalog, CatalogImage } from "./catalog.ts";
import { findImage } from "./find-image.ts";
import { imageCondition } from "./image-filters.ts";

const SHORT: Digest = `sha256:${"0a".repeat(32)}`;
const LONG: Digest = `sha512:${"0b".repeat(64)}`;

function image(id: Digest): CatalogImage {
  const own = { kind: "image", manifest: id, config: id, labels: {} } as const;
  const facts = { ...own, size: 0, layers: [], diffIds: [] };
  const descriptor = { mediaType: OCI_MANIFEST, digest: id, size: 2 };
  const entries = [{ name: undefined, descriptor, facts }];
  return { id, entries, facts, createdMs: 0, containers: [] };
}

const catalog: Catalog = { images: [image(SHORT), image(LONG)], broken: [] };

test.each([
  [SHORT, SHORT],
  ["0a0a", SHORT],
  ["sha256:0a0a", SHORT],
  [LONG, LONG],
  ["0b0b", LONG],
  ["sha512:0b0b", LONG],
])("%s is found, and filtered by", (text, id) => {
  expect(findImage(catalog, text, "docker.io").image.id).toBe(id);
  const isRight = imageCondition([`id=${text}`], { catalog, defaultDomain: "docker.io", nowMs: 0 });
  expect(catalog.images.filter(isRight).map((each) => each.id)).toEqual([id]);
});

test.each(["sha256:0b0b", "sha512:0a0a", "0b".repeat(64).replace("b", "c")])(
  "%s is no image's",
  (text) => {
    const find = () => findImage(catalog, text, "docker.io");
    expect(find).toThrow(OcicatError);
    expect(find).toThrow("it is not in the store");
  },
);
