// From the descriptor of an image to its manifests: read from the store or else from the source, checked,
// stored. What is wanted of an index is the manifest for a platform, or all of them.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Image, ImageManifest } from "../../oci/image-spec.ts";
import { isConfigType, layerCompression } from "../../oci/media-types.ts";
import {
  decodeImage,
  decodeImageDocument,
  IMAGE_DOCUMENT_LENGTH_MAX,
} from "../../oci/parse/image.ts";
import { choosePlatform, type Platform } from "../../oci/platform.ts";
import { decodeText } from "../../sys/memory.ts";
import { selectPlatform } from "../layout-index.ts";
import type { BringInContext } from "./bring-in-context.ts";
import { checkAborted } from "./check-aborted.ts";

const DEEPEST_INDEX = 4;
const MOST_MANIFESTS = 1000;

export interface FoundManifest {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  readonly content: ManifestContent;
  /** The one for the wanted platform. */
  readonly isWanted: boolean;
}

export type ManifestContent =
  | { readonly kind: "image"; readonly image: Image }
  /** `reason`: why no container can be made of it. */
  | { readonly kind: "artifact"; readonly reason: string };

export interface WantedPlatforms {
  readonly platform: Platform;
  readonly allPlatforms: boolean;
}

/** In the order of the index. Throws "not-found" when nothing is for the platform. */
export async function findManifests(
  context: BringInContext,
  top: Descriptor,
  wanted: WantedPlatforms,
): Promise<readonly FoundManifest[]> {
  const found: FoundManifest[] = [];
  await new ManifestSearch(context, wanted, found).visit(top, { depth: 0, isWanted: true });
  return found;
}

interface Position {
  readonly depth: number;
  readonly isWanted: boolean;
}

class ManifestSearch {
  readonly #context: BringInContext;
  readonly #wanted: WantedPlatforms;
  readonly #found: FoundManifest[];

  constructor(context: BringInContext, wanted: WantedPlatforms, found: FoundManifest[]) {
    this.#context = context;
    this.#wanted = wanted;
    this.#found = found;
  }

  async visit(descriptor: Descriptor, { depth, isWanted }: Position): Promise<void> {
    const subject = `the blob ${descriptor.digest}`;
    const text = decodeText(await readDocument(this.#context, descriptor));
    const document = decodeImageDocument(text, descriptor.mediaType, { subject });
    if (document.kind === "manifest") {
      await this.#add(descriptor, document.manifest, isWanted);
      return;
    }
    if (depth === DEEPEST_INDEX) {
      throw refused(`the index ${descriptor.digest}`, `indexes are nested more than ${depth} deep`);
    }
    const { manifests } = document.index;
    const chosen = isWanted ? this.#choose(manifests, descriptor) : undefined;
    for (const each of this.#wanted.allPlatforms ? manifests : []) {
      await this.visit(each, { depth: depth + 1, isWanted: each === chosen });
    }
    if (!this.#wanted.allPlatforms && chosen !== undefined) {
      await this.visit(chosen, { depth: depth + 1, isWanted: true });
    }
  }

  /** Undefined only where all platforms are wanted: then an image for this one need not be there. */
  #choose(manifests: readonly Descriptor[], index: Descriptor): Descriptor | undefined {
    const { platform, allPlatforms } = this.#wanted;
    return allPlatforms
      ? manifests[
          choosePlatform(
            platform,
            manifests.map((each) => each.platform),
          )
        ]
      : selectPlatform(manifests, platform, index.digest);
  }

  async #add(descriptor: Descriptor, manifest: ImageManifest, isWanted: boolean): Promise<void> {
    if (this.#found.length === MOST_MANIFESTS) {
      throw refused("the image", `it has more than ${MOST_MANIFESTS} manifests`);
    }
    const content = await readContent(this.#context, manifest);
    this.#found.push({ descriptor, manifest, content, isWanted });
  }
}

async function readContent(
  context: BringInContext,
  { config, layers }: ImageManifest,
): Promise<ManifestContent> {
  if (!isConfigType(config.mediaType)) {
    return { kind: "artifact", reason: `its configuration is of type ${quote(config.mediaType)}` };
  }
  const strange = layers.find(({ mediaType }) => layerCompression(mediaType) === undefined);
  if (strange !== undefined) {
    return { kind: "artifact", reason: `a layer is of type ${quote(strange.mediaType)}` };
  }
  const text = decodeText(await readDocument(context, config));
  const image = decodeImage(text, { subject: `the blob ${config.digest}` });
  const { length } = image.rootfs.diff_ids;
  if (length !== layers.length) {
    const subject = `the image configuration ${config.digest}`;
    throw refused(subject, `it lists ${length} layers, the manifest ${layers.length}`);
  }
  return { kind: "image", image };
}

/** Of the store if it is there, else of the source: then it is in the store afterwards. */
async function readDocument(
  { store, source, signal }: BringInContext,
  descriptor: Descriptor,
): Promise<Uint8Array> {
  const { digest, size, mediaType } = descriptor;
  if (store.blobSize(digest) !== undefined) {
    return store.readDocument(descriptor);
  }
  if (size > IMAGE_DOCUMENT_LENGTH_MAX) {
    throw new OcicatError("exhausted", {
      operation: "read",
      subject: `the blob ${digest}`,
      reason: `it is larger than ${IMAGE_DOCUMENT_LENGTH_MAX} bytes`,
    });
  }
  checkAborted(signal, source.description);
  const content = await source.document(descriptor);
  if (content.length !== size) {
    throw refused(
      `the blob ${digest}`,
      `it has ${content.length} bytes instead of ${size}`,
      "verify",
    );
  }
  store.writeDocument(content, mediaType, digest);
  return content;
}

function refused(subject: string, reason: string, operation = "read"): OcicatError {
  return new OcicatError("invalid-config", { operation, subject, reason });
}
