// An OCI image layout in an archive or a folder (image-spec image-layout.md) as a source of images.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import type { ImageIndex } from "../../oci/image-spec.ts";
import { isIndexType, isManifestType } from "../../oci/media-types.ts";
import {
  decodeImageDocument,
  decodeImageLayout,
  decodeIndex,
  IMAGE_DOCUMENT_LENGTH_MAX,
} from "../../oci/parse/image.ts";
import { choosePlatform, type Platform } from "../../oci/platform.ts";
import { decodeText } from "../../sys/memory.ts";
import type { ImageSource } from "../image-source.ts";
import { type Members, readWhole, requireMember } from "./members.ts";

export const LAYOUT_MARK = "oci-layout";
export const LAYOUT_INDEX = "index.json";
const DEEPEST_INDEX = 4;

/** Where a layout has a blob. */
export function blobMemberName(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

export class LayoutSource implements ImageSource {
  readonly description: string;
  readonly #members: Members;
  readonly #nameOf: (digest: Digest) => string;

  constructor(members: Members, nameOf = blobMemberName) {
    this.#members = members;
    this.#nameOf = nameOf;
    this.description = members.description;
  }

  async document({ digest, size }: Descriptor): Promise<Uint8Array> {
    const member = requireMember(this.#members, this.#nameOf(digest));
    return await readWhole(member, Math.min(size, IMAGE_DOCUMENT_LENGTH_MAX));
  }

  async *blob({ digest }: Descriptor, offset: number): AsyncGenerator<Uint8Array, void> {
    yield* requireMember(this.#members, this.#nameOf(digest)).read(offset);
  }

  localPath({ digest }: Descriptor): string | undefined {
    return this.#members.find(this.#nameOf(digest))?.path;
  }
}

/** Throws unless the members are a layout of a version that is known here. */
export async function readLayoutMembers(members: Members): Promise<ImageIndex> {
  const subject = (name: string): string => `${quote(name)} in ${members.description}`;
  const mark = await readText(members, LAYOUT_MARK);
  decodeImageLayout(mark, { subject: subject(LAYOUT_MARK) });
  const index = await readText(members, LAYOUT_INDEX);
  return decodeIndex(index, { subject: subject(LAYOUT_INDEX) });
}

async function readText(members: Members, name: string): Promise<string> {
  const member = requireMember(members, name);
  return decodeText(await readWhole(member, IMAGE_DOCUMENT_LENGTH_MAX));
}

/** The first blob that an image needs on a platform and the layout does not have. */
export async function findMissingBlob(
  members: Members,
  top: Descriptor,
  platform: Platform,
): Promise<Digest | undefined> {
  const source = new LayoutSource(members);
  const isMissing = ({ digest }: Descriptor): boolean =>
    members.find(blobMemberName(digest)) === undefined;
  let descriptor = top;
  for (let depth = 0; depth < DEEPEST_INDEX; depth += 1) {
    if (isMissing(descriptor)) {
      return descriptor.digest;
    }
    const { mediaType } = descriptor;
    if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
      return undefined;
    }
    const text = decodeText(await source.document(descriptor));
    const document = decodeImageDocument(text, mediaType, { subject: `the blob ${top.digest}` });
    if (document.kind === "manifest") {
      return [document.manifest.config, ...document.manifest.layers].find(isMissing)?.digest;
    }
    const { manifests } = document.index;
    const platforms = manifests.map((each) => each.platform);
    const chosen = manifests[choosePlatform(platform, platforms)] ?? manifests[0];
    if (chosen === undefined) {
      return undefined;
    }
    descriptor = chosen;
  }
  throw new OcicatError("invalid-config", {
    operation: "read",
    subject: `the index ${top.digest}`,
    reason: `indexes are nested more than ${DEEPEST_INDEX} deep`,
  });
}
