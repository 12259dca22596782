// What an archive of images is going to have in it, before the first byte is written: an OCI image layout
// (image-spec image-layout.md), and for Docker's format a manifest.json beside it that names the same
// blobs (docker-archive.ts). Docker 25 and later write their archives like that. Layers are in them as
// they came, so that an image that is loaded again has the digests that it has here and in a registry.
//
// Where a layer can't be as it came, the image's manifest is written anew. One whose compression a reader
// would not understand is there uncompressed; one that the store has dropped is compressed again. A manifest
// of Docker's media types is in OCI's in a layout.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { REFERENCE_NAME } from "../../oci/descriptor.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { layerCompression, OCI_INDEX } from "../../oci/media-types.ts";
import type { Platform } from "../../oci/platform.ts";
import { parseReference } from "../../oci/reference.ts";
import { encodeText } from "../../sys/memory.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageEvent } from "../image-event.ts";
import { sha256 } from "./assembled-source.ts";
import { compressLayer } from "./compressed-layer.ts";
import { DOCKER_MANIFESTS } from "./docker-archive.ts";
import { CONTAINERD_NAME } from "./image-names.ts";
import {
  type ArchiveOptions,
  missingLayer,
  storedBlob,
  uncompressedLayer,
} from "./layer-content.ts";
import {
  encodeManifest,
  familyOf,
  layerType,
  redescribe,
  retypeLayer,
  type TypeFamily,
} from "./layer-types.ts";
import { blobMemberName, LAYOUT_INDEX, LAYOUT_MARK } from "./layout-source.ts";
import { documentMember, type Member } from "./members.ts";
import { rewriteIndexes } from "./rewrite-index.ts";
import { manifestFor, readStoredImage, type StoredManifest } from "./stored-image.ts";

/** containers/image docs/containers-transports.5, "dir:path". */
const DIRECTORY_TRANSPORT_VERSION = "Directory Transport Version: 1.1\n";

export interface SavedImage {
  readonly descriptor: Descriptor;
  /** Whole: "docker.io/library/debian:12". */
  readonly names: readonly string[];
}

export interface PlanOptions extends ArchiveOptions {
  /** Whose manifest a format takes that has room for one only. */
  readonly platform: Platform;
  readonly format: SaveFormat;
  /** All layers, for readers that know no other. */
  readonly uncompressed?: boolean;
  readonly onEvent?: ((event: ImageEvent) => void) | undefined;
}

/** As podman names them. */
export type SaveFormat =
  /** For `docker load` and `podman load`. */
  | "docker-archive"
  | "oci-archive"
  /** An OCI image layout, not packed. */
  | "oci-dir"
  /** skopeo's "dir:": one image's manifest and blobs in a folder. */
  | "docker-dir";

/** What is written into. Absent: what the image has. */
const FAMILIES: Readonly<Partial<Record<SaveFormat, TypeFamily>>> = {
  // Programs that read layouts do not find manifests of Docker's types in them.
  "oci-archive": "oci",
  "oci-dir": "oci",
};

interface PlannedManifest {
  readonly descriptor: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export class SavePlan {
  readonly #store: ContentStore;
  readonly #options: PlanOptions;
  /** By name. What an image shares with another one is there once. */
  readonly #blobs = new Map<string, Member>();
  readonly #descriptors: Descriptor[] = [];
  /** Of each image, for formats that have no indexes. */
  readonly #chosen: { readonly manifest: PlannedManifest; readonly names: readonly string[] }[] =
    [];

  constructor(store: ContentStore, options: PlanOptions) {
    this.#store = store;
    this.#options = options;
  }

  async add({ descriptor, names }: SavedImage): Promise<void> {
    const image = readStoredImage(this.#store, descriptor);
    const planned = new Map<Digest, PlannedManifest>();
    for (const manifest of image.manifests) {
      planned.set(manifest.descriptor.digest, await this.#planManifest(manifest));
    }
    const changed = new Map([...planned].map(([digest, each]) => [digest, each.descriptor]));
    const family = FAMILIES[this.#options.format];
    const { top, indexes } = rewriteIndexes(image, changed, family);
    for (const { descriptor: index, content } of indexes) {
      this.#addDocument(index.digest, content);
    }
    this.#addNames(top, names);
    if (top.digest !== descriptor.digest) {
      this.#note(descriptor.digest, top.digest);
    }
    const chosen = manifestFor(image, this.#options.platform).descriptor.digest;
    const manifest = planned.get(chosen);
    if (manifest !== undefined) {
      this.#chosen.push({ manifest, names });
    }
  }

  /** In the order in which they are to be written: what says what is there comes first. */
  members(): readonly Member[] {
    const layout = { imageLayoutVersion: "1.0.0" };
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: this.#descriptors };
    return [
      jsonMember(LAYOUT_MARK, layout),
      jsonMember(LAYOUT_INDEX, index),
      ...(this.#options.format === "docker-archive"
        ? [jsonMember(DOCKER_MANIFESTS, this.#entries())]
        : []),
      ...this.#blobs.values(),
    ];
  }

  /** The one image in the form of skopeo's "dir:": manifest.json, and blobs by their HEX alone. */
  directoryMembers(): readonly Member[] {
    const [first, ...others] = this.#chosen;
    if (first === undefined || others.length > 0) {
      throw new OcicatError("invalid-argument", {
        operation: "save",
        subject: `${this.#chosen.length} images`,
        reason: "a docker-dir has room for one",
      });
    }
    const { descriptor, config, layers } = first.manifest;
    const renamed = (digest: Digest, name: string): Member[] => {
      const member = this.#blobs.get(blobMemberName(digest));
      return member === undefined ? [] : [renamedMember(member, name)];
    };
    const digests = new Set([config, ...layers].map(({ digest }) => digest));
    return [
      documentMember("version", encodeText(DIRECTORY_TRANSPORT_VERSION)),
      ...renamed(descriptor.digest, DOCKER_MANIFESTS),
      ...[...digests].flatMap((digest) => renamed(digest, hexOf(digest))),
    ];
  }

  #entries(): unknown {
    return this.#chosen.map(({ manifest, names }) => ({
      Config: blobMemberName(manifest.config.digest),
      RepoTags: names.filter(isTagged),
      Layers: manifest.layers.map(({ digest }) => blobMemberName(digest)),
    }));
  }

  async #planManifest(stored: StoredManifest): Promise<PlannedManifest> {
    const { manifest, descriptor, content, diffIds } = stored;
    const layers: Descriptor[] = [];
    for (const [index, layer] of manifest.layers.entries()) {
      layers.push(await this.#planLayer(layer, diffIds?.[index]));
    }
    this.#addDocument(manifest.config.digest, stored.config);
    const family = this.#familyFor(stored);
    const isSame =
      family === familyOf(descriptor.mediaType) &&
      layers.every(({ digest }, index) => digest === manifest.layers[index]?.digest);
    if (isSame) {
      this.#addDocument(descriptor.digest, content);
      return { descriptor, config: manifest.config, layers };
    }
    const typed = layers.map((layer) => retypeLayer(layer, family));
    const { mediaType, content: rewritten } = encodeManifest(manifest, typed, family);
    const digest = sha256(rewritten);
    this.#addDocument(digest, rewritten);
    const described = { mediaType, digest, size: rewritten.length };
    return { descriptor: { ...descriptor, ...described }, config: manifest.config, layers };
  }

  async #planLayer(layer: Descriptor, diffId: Digest | undefined): Promise<Descriptor> {
    const blob = storedBlob(this.#store, layer);
    if (blob !== undefined && (diffId === undefined || this.#isReadable(layer))) {
      this.#addBlob(layer.digest, blob);
      return layer;
    }
    if (diffId === undefined) {
      throw missingLayer(layer);
    }
    const archive = await uncompressedLayer(this.#store, layer, diffId, this.#options);
    const compression = this.#isReadable(layer) ? layerCompression(layer.mediaType) : undefined;
    if (compression !== undefined && compression !== "none") {
      const { resources, signal } = this.#options;
      const request = { compression, resources, signal };
      const { digest, size, member } = await compressLayer(this.#store, archive, request);
      this.#addBlob(digest, member);
      return redescribe(layer, { mediaType: layer.mediaType, digest, size });
    }
    this.#addBlob(diffId, archive);
    const mediaType = layerType(layer, familyOf(layer.mediaType), "none");
    return redescribe(layer, { mediaType, digest: diffId, size: archive.size });
  }

  /** As it is, by the programs that the format is for: Docker before 23 does not know zstd. */
  #isReadable({ mediaType }: Descriptor): boolean {
    const compression = layerCompression(mediaType);
    if (compression === undefined || compression === "none") {
      return true;
    }
    const { format, uncompressed = false } = this.#options;
    return !uncompressed && (format !== "docker-archive" || compression === "gzip");
  }

  /** What is no image of a container has types of its own. */
  #familyFor({ descriptor, manifest, diffIds }: StoredManifest): TypeFamily {
    const isImage = manifest.layers.every(
      (layer) => layerCompression(layer.mediaType) !== undefined,
    );
    const present = familyOf(descriptor.mediaType);
    return diffIds !== undefined && isImage ? (FAMILIES[this.#options.format] ?? present) : present;
  }

  #addNames(top: Descriptor, names: readonly string[]): void {
    const { [REFERENCE_NAME]: _, [CONTAINERD_NAME]: __, ...annotations } = top.annotations ?? {};
    const { annotations: ___, ...bare } = top;
    const isBare = Object.keys(annotations).length === 0;
    const descriptor = isBare ? bare : { ...bare, annotations };
    this.#descriptors.push(
      ...(names.length === 0 ? [descriptor] : []),
      ...names.map((name) => ({
        ...descriptor,
        annotations: { ...annotations, [CONTAINERD_NAME]: name, [REFERENCE_NAME]: name },
      })),
    );
  }

  #addDocument(digest: Digest, content: Uint8Array): void {
    const name = blobMemberName(digest);
    this.#blobs.set(name, documentMember(name, content));
  }

  #addBlob(digest: Digest, member: Member): void {
    const name = blobMemberName(digest);
    this.#blobs.set(name, renamedMember(member, name));
  }

  #note(from: Digest, to: Digest): void {
    const text = `${from} is ${to} in the archive: not all of it can be there as it is here`;
    this.#options.onEvent?.({ kind: "note", text });
  }
}

function renamedMember(member: Member, name: string): Member {
  return { name, size: member.size, read: (offset) => member.read(offset) };
}

function jsonMember(name: string, document: unknown): Member {
  return documentMember(name, encodeText(JSON.stringify(document)));
}

/** Docker and podman want a tag, and no digest. */
function isTagged(name: string): boolean {
  const { tag, digest } = parseReference(name);
  return tag !== undefined && digest === undefined;
}
