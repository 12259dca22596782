// An entry of index.json that stands for an image, and what it stands for; see stand-in.ts.
//
//   {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": ..., "size": ...,
//    "annotations": {..., "io.ocicat.stands-for": "{\"mediaType\":...,\"digest\":...,\"size\":...}"}}

import { type Descriptor, STANDS_FOR } from "../../oci/descriptor.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { parseJson } from "../../store/parse-json.ts";

export interface StandIn {
  /** Of the image. */
  readonly subject: Digest;
  /** Of the document that other programs find. */
  readonly descriptor: Descriptor;
}

/** Undefined: the entry stands for nothing but itself. */
export function standInOf(entry: Descriptor): StandIn | undefined {
  const original = originalOf(entry);
  const { mediaType, digest, size } = entry;
  return original === entry
    ? undefined
    : { subject: original.digest, descriptor: { mediaType, digest, size } };
}

/** The image's descriptor, with all else that the entry says; the entry itself where it is no stand-in. */
export function originalOf(entry: Descriptor): Descriptor {
  const text = entry.annotations?.[STANDS_FOR];
  const original = text === undefined ? undefined : parse(text);
  if (original === undefined) {
    return entry;
  }
  const { [STANDS_FOR]: _, ...annotations } = entry.annotations ?? {};
  return { ...entry, ...original, annotations };
}

/** The stand-in's entry, with all else that the image's descriptor says. */
export function withOriginal(standIn: Descriptor, original: Descriptor): Descriptor {
  return {
    ...original,
    mediaType: standIn.mediaType,
    digest: standIn.digest,
    size: standIn.size,
    annotations: { ...original.annotations, [STANDS_FOR]: originalText(original) },
  };
}

/** What STANDS_FOR says of it. */
export function originalText({ mediaType, digest, size }: Descriptor): string {
  return JSON.stringify({ mediaType, digest, size });
}

/** Undefined for what nobody here has written. */
function parse(text: string): Pick<Descriptor, "mediaType" | "digest" | "size"> | undefined {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  const { mediaType, digest, size }: Readonly<Record<string, unknown>> = { ...value };
  const isWhole = typeof mediaType === "string" && typeof digest === "string" && isDigest(digest);
  return isWhole && Number.isSafeInteger(size)
    ? { mediaType, digest, size: Number(size) }
    : undefined;
}
