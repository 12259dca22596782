// skopeo's "dir:", which `save --format docker-dir` writes, too: one image in a folder, without a name.
//
//   version             "Directory Transport Version: 1.1"
//   manifest.json       the manifest, or the index
//   HEX                 a blob, by its digest
//   HEX.manifest.json   a manifest that the index lists

import type { Descriptor } from "../../oci/descriptor.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { OCI_MANIFEST } from "../../oci/media-types.ts";
import { IMAGE_DOCUMENT_LENGTH_MAX } from "../../oci/parse/image.ts";
import { parseJson } from "../../store/parse-json.ts";
import { decodeText } from "../../sys/memory.ts";
import type { ImageSource } from "../image-source.ts";
import { sha256 } from "./assembled-source.ts";
import { LayoutSource } from "./layout-source.ts";
import { type Members, readWhole, requireMember } from "./members.ts";

const MARK = "version";
const MARK_TEXT = "Directory Transport Version:";
const MARK_LENGTH_MAX = 1000;
const TOP = "manifest.json";

export async function isDockerDirectory(members: Members): Promise<boolean> {
  const mark = members.find(MARK);
  return (
    mark !== undefined &&
    mark.size <= MARK_LENGTH_MAX &&
    decodeText(await readWhole(mark, MARK_LENGTH_MAX)).startsWith(MARK_TEXT)
  );
}

export interface DirectoryImage {
  readonly source: ImageSource;
  readonly descriptor: Descriptor;
}

export async function readDockerDirectory(members: Members): Promise<DirectoryImage> {
  const content = await readWhole(requireMember(members, TOP), IMAGE_DOCUMENT_LENGTH_MAX);
  const digest = sha256(content);
  const mediaType = mediaTypeOf(parseJson(decodeText(content)));
  const nameOf = (each: Digest): string => {
    const name = hexOf(each);
    const isListed = members.find(name) === undefined;
    return each === digest ? TOP : `${name}${isListed ? `.${TOP}` : ""}`;
  };
  const source = new LayoutSource(members, nameOf);
  return { source, descriptor: { mediaType, digest, size: content.length } };
}

/** OCI's documents need not say theirs. */
function mediaTypeOf(document: unknown): string {
  const isObject = typeof document === "object" && document !== null && "mediaType" in document;
  return isObject && typeof document.mediaType === "string" ? document.mediaType : OCI_MANIFEST;
}
