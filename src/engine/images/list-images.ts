// The images of the store, a row for each name.

import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";
import { hostPlatform } from "../host-platform.ts";
import { type CatalogImage, namesOf, platformOf, readCatalog } from "./catalog.ts";
import { type ImageCondition, imageCondition } from "./image-filters.ts";
import { type ImageOptions, openImages } from "./image-session.ts";
import { LayerSizes } from "./layer-sizes.ts";
import { shownName } from "./shown-names.ts";

export interface ListedImage {
  readonly id: Digest;
  /** As index.json has it; undefined: it has none any more. */
  readonly name: string | undefined;
  readonly repository: string;
  readonly tag: string;
  /** Of what the name leads to: a manifest, or an index of several platforms. */
  readonly digest: Digest;
  readonly createdMs: number | undefined;
  /** Bytes of its layers without compression. */
  readonly size: number;
  /** Names of containers that use it. */
  readonly containers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined: an artifact, which no container can be made of. */
  readonly platform: Platform | undefined;
}

export interface ListOptions extends ImageOptions {
  /** NAME or PATTERN: "debian", "debian:12", "registry.example/*". */
  readonly reference?: string | undefined;
  /** See image-filters.ts. */
  readonly filters?: readonly string[];
}

/** Latest first. What cannot be read is left out, with a warning. Throws OcicatError. */
export async function listImages(options: ListOptions): Promise<readonly ListedImage[]> {
  using session = await openImages(options);
  const { defaultDomain } = session;
  const catalog = readCatalog(session, hostPlatform());
  for (const { names, descriptor, reason } of catalog.broken) {
    options.onWarning?.(`the image ${names[0] ?? descriptor.digest} cannot be read: ${reason}`);
  }
  const context = { catalog, defaultDomain, nowMs: Date.now() };
  const holds = imageCondition(options.filters ?? [], context);
  const isNamed = rowCondition(options, context);
  const sizes = new LayerSizes(session.store);
  return catalog.images.filter(holds).flatMap((image) => {
    const size = sizes.sum(image.facts);
    return rowsOf(image, size, defaultDomain).filter((row) => isNamed(image, row));
  });
}

/** Filters by name choose among an image's names too. */
function rowCondition(
  { reference, filters = [] }: ListOptions,
  context: Parameters<typeof imageCondition>[1],
): (image: CatalogImage, row: ListedImage) => boolean {
  const patterns = filters.filter((filter) => /^reference=/i.test(filter));
  const given = reference === undefined ? [] : [`reference=${reference}`];
  const conditions: ImageCondition[] = [given, patterns]
    .filter((group) => group.length > 0)
    .map((group) => imageCondition(group, context));
  return (image, { name }) => {
    const entries = image.entries.filter((entry) => entry.name === name);
    return conditions.every((holds) => holds({ ...image, entries }));
  };
}

function rowsOf(image: CatalogImage, size: number, defaultDomain: string): readonly ListedImage[] {
  const isNamed = namesOf(image).length > 0;
  const entries = image.entries.filter(({ name }) => name !== undefined);
  return (isNamed ? entries : image.entries.slice(0, 1)).map(({ name, descriptor }) => ({
    id: image.id,
    name,
    ...shownName(name, defaultDomain),
    digest: descriptor.digest,
    createdMs: image.createdMs,
    size,
    containers: image.containers,
    labels: image.facts.labels,
    platform: platformOf(image.facts),
  }));
}
