// The client of registries (distribution-spec 1.1): what there is to ask one, as one class. It stores
// nothing; what comes is verified against its digest before it is handed out, except for blobs, which the
// content store hashes while it writes them.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { RegistryOptions } from "./registry-options.ts";

export interface Manifest {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
}

export interface UploadSource {
  readonly descriptor: Descriptor;
  /** The blob's bytes from `offset` on. Called again when an upload goes on after a failure. */
  open(offset: number): AsyncIterable<Uint8Array>;
  /** Bytes that the registry has taken so far; can go back after a failure. */
  onProgress?(bytes: number): void;
}

export interface PushedManifest {
  readonly content: Uint8Array;
  readonly mediaType: string;
}

export class RegistryClient implements Disposable {
  readonly options: RegistryOptions;

  constructor(options: RegistryOptions = {}) {
    this.options = options;
  }

  /** What a tag or digest names: type, digest and size, without the content where the registry allows it. */
  resolve(_reference: ImageReference): Promise<Descriptor> {
    throw missing();
  }

  /** A manifest or an index, verified. By the digest if it is given, else what the reference names. */
  manifest(_reference: ImageReference, _digest?: Digest): Promise<Manifest> {
    throw missing();
  }

  /** The bytes of a blob from `offset` on: goes on after failures, never yields more than its size. */
  blob(
    _reference: ImageReference,
    _descriptor: Descriptor,
    _offset: number,
    _signal?: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    throw missing();
  }

  hasBlob(_reference: ImageReference, _digest: Digest): Promise<boolean> {
    throw missing();
  }

  /** Without the content: true if the registry took the blob from another repository of its own. */
  mountBlob(
    _reference: ImageReference,
    _digest: Digest,
    _fromRepository: string,
  ): Promise<boolean> {
    throw missing();
  }

  uploadBlob(
    _reference: ImageReference,
    _source: UploadSource,
    _signal?: AbortSignal,
  ): Promise<void> {
    throw missing();
  }

  /** Under the tag of the reference, or under its digest. Keeps the list of referrers where the registry does not. */
  putManifest(_reference: ImageReference, _manifest: PushedManifest): Promise<Digest> {
    throw missing();
  }

  tags(_reference: ImageReference): AsyncIterable<string> {
    throw missing();
  }

  /** Names of the repositories of a registry ("localhost:5000"). */
  repositories(_domain: string): AsyncIterable<string> {
    throw missing();
  }

  referrers(
    _reference: ImageReference,
    _digest: Digest,
    _artifactType?: string,
  ): Promise<readonly Descriptor[]> {
    throw missing();
  }

  deleteManifest(_reference: ImageReference, _digest: Digest): Promise<void> {
    throw missing();
  }

  deleteTag(_reference: ImageReference, _tag: string): Promise<void> {
    throw missing();
  }

  deleteBlob(_reference: ImageReference, _digest: Digest): Promise<void> {
    throw missing();
  }

  /** Closes idle connections. */
  [Symbol.dispose](): void {}
}

function missing(): OcicatError {
  return new OcicatError("internal", {
    operation: "ask",
    subject: "a registry",
    reason: "not there yet",
  });
}
