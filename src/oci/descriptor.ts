// What points at content: its type, digest and size. Source: image-spec descriptor.md.

import type { Digest } from "./digest.ts";
import type { Platform } from "./platform.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. Content of another size is refused before its digest is computed. */
  readonly size: number;
  readonly urls?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  /** The content itself, in base64. Whoever uses it checks size and digest. */
  readonly data?: string;
  readonly artifactType?: string;
  /** Of what the descriptor of a manifest in an index points at. */
  readonly platform?: Platform;
}

/** In an image layout's index.json: the tag, or a whole name as containerd and podman write it. */
export const REFERENCE_NAME = "org.opencontainers.image.ref.name";

/**
 * In the store's index.json, of the entry of an artifact that refers to something: the digest of its
 * subject, which is in the artifact's manifest as well.
 */
export const SUBJECT_DIGEST = "io.ocicat.subject";

/**
 * In the store's index.json, of an entry that is there for other programs: the descriptor that the store
 * itself takes in its place, as JSON. In that entry's document, too.
 */
export const STANDS_FOR = "io.ocicat.stands-for";

/** Of one that a registry has under a tag that is made of its subject's digest: that tag. */
export const SUBJECT_TAG = "io.ocicat.subject-tag";
