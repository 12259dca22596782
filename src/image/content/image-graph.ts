// What a digest leads to in the store: indexes, manifests, configurations, layers. Of an index that lists
// several platforms the store may have some only.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Image, ImageManifest } from "../../oci/image-spec.ts";
import {
  isConfigType,
  isIndexType,
  isManifestType,
  OCI_INDEX,
  OCI_MANIFEST,
} from "../../oci/media-types.ts";
import {
  decodeImage,
  decodeImageDocument,
  IMAGE_DOCUMENT_LENGTH_MAX,
} from "../../oci/parse/image.ts";
import type { Store } from "../../store/layout.ts";
import { readAll, tryRead } from "../../sys/file.ts";
import { bytes, decodeText } from "../../sys/memory.ts";
import { blobSize, openBlob, readDocument } from "./blob-folder.ts";

const DEEPEST_INDEX = 4;
const OPEN_BRACE = 0x7b;

export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  /** Undefined: an artifact, or the configuration is not here. */
  readonly image: Image | undefined;
}

export interface ImageGraph {
  /** The digests of the indexes that are here. */
  readonly indexes: readonly Digest[];
  /** Those that are here, in the order of their indexes. */
  readonly manifests: readonly StoredManifest[];
  /** What these mention beside them: configurations and layers, and content of other kinds. */
  readonly others: readonly Descriptor[];
  readonly faults: readonly GraphFault[];
}

/** What is missing or wrong, and for what of an image. */
export interface GraphFault {
  readonly digest: Digest;
  readonly part: "index" | "manifest" | "configuration" | "content";
  readonly reason: string;
}

/** Follows a descriptor. What is wrong is a fault and not followed. */
export function imageGraph(store: Store, top: Descriptor): ImageGraph {
  const walk = new GraphWalk(store);
  walk.follow(top, 0);
  return walk;
}

/**
 * A descriptor for a digest of which nothing else is known, by what the blob says it is. Undefined: it
 * is not here.
 */
export function describeBlob(store: Store, digest: Digest): Descriptor | undefined {
  const size = blobSize(store, digest);
  if (size === undefined) {
    return undefined;
  }
  const document = size > IMAGE_DOCUMENT_LENGTH_MAX ? undefined : readObject(store, digest);
  return { mediaType: mediaTypeOf(document ?? {}), digest, size };
}

function mediaTypeOf(document: object): string {
  const stated = "mediaType" in document ? document.mediaType : undefined;
  if (typeof stated === "string") {
    return stated;
  }
  if ("manifests" in document) {
    return OCI_INDEX;
  }
  return "layers" in document && "config" in document ? OCI_MANIFEST : "application/octet-stream";
}

/** Undefined: it is no JSON object. */
function readObject(store: Store, digest: Digest): object | undefined {
  using file = openBlob(store, digest);
  const first = bytes(1);
  if (tryRead(file.number, first) !== 1 || first[0] !== OPEN_BRACE) {
    return undefined;
  }
  const rest = readAll(file.number, `the blob ${digest}`, IMAGE_DOCUMENT_LENGTH_MAX);
  try {
    const value: unknown = JSON.parse(`{${decodeText(rest)}`);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

class GraphWalk implements ImageGraph {
  readonly indexes: Digest[] = [];
  readonly manifests: StoredManifest[] = [];
  readonly others: Descriptor[] = [];
  readonly faults: GraphFault[] = [];
  readonly #store: Store;
  readonly #seen = new Set<Digest>();

  constructor(store: Store) {
    this.#store = store;
  }

  follow(descriptor: Descriptor, depth: number): void {
    if (this.#seen.has(descriptor.digest)) {
      return;
    }
    this.#seen.add(descriptor.digest);
    if (isIndexType(descriptor.mediaType)) {
      this.#followIndex(descriptor, depth);
    } else if (isManifestType(descriptor.mediaType)) {
      this.#followManifest(descriptor);
    } else {
      this.others.push(descriptor);
    }
  }

  #followIndex(descriptor: Descriptor, depth: number): void {
    const { digest } = descriptor;
    if (depth >= DEEPEST_INDEX) {
      const reason = `indexes are nested more than ${DEEPEST_INDEX} deep`;
      this.faults.push({ digest, part: "index", reason });
      return;
    }
    const index = this.#read("index", descriptor, (text) => {
      const document = decodeImageDocument(text, descriptor.mediaType, { subject: digest });
      return document.kind === "index" ? document.index : undefined;
    });
    if (index === undefined) {
      return;
    }
    this.indexes.push(digest);
    for (const child of index.manifests) {
      // Of the other platforms nothing is here.
      if (blobSize(this.#store, child.digest) !== undefined) {
        this.follow(child, depth + 1);
      }
    }
  }

  #followManifest(descriptor: Descriptor): void {
    const manifest = this.#read("manifest", descriptor, (text) => {
      const { digest, mediaType } = descriptor;
      const document = decodeImageDocument(text, mediaType, { subject: digest });
      return document.kind === "manifest" ? document.manifest : undefined;
    });
    if (manifest === undefined) {
      return;
    }
    const { config, layers } = manifest;
    this.others.push(config, ...layers);
    const image = isConfigType(config.mediaType)
      ? this.#read("configuration", config, (text) => decodeImage(text, { subject: config.digest }))
      : undefined;
    this.manifests.push({ descriptor, manifest, image });
  }

  /** Undefined: there is a fault. */
  #read<Document>(
    part: GraphFault["part"],
    descriptor: Descriptor,
    decode: (text: string) => Document,
  ): Document | undefined {
    try {
      return decode(decodeText(readDocument(this.#store, descriptor)));
    } catch (error) {
      if (!(error instanceof OcicatError) || !FAULTS.includes(error.code)) {
        throw error;
      }
      this.faults.push({ digest: descriptor.digest, part, reason: error.reason });
      return undefined;
    }
  }
}

/** Everything else (a disk that can't be read, say) is no fault of the content. */
const FAULTS = ["not-found", "invalid-config", "unsupported", "exhausted"];
