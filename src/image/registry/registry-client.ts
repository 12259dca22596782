// The client of registries (distribution-spec 1.1): what there is to ask one, as one class. It stores
// nothing. Manifests are verified against their digests before they are handed out; blobs are not, the
// content store hashes them while it writes.

import { quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { type AttachedManifest, listAttached } from "./attached-tags.ts";
import type { UploadSource } from "./begin-upload.ts";
import { connectionContext, hostsSettings } from "./client-context.ts";
import { deleteBlob, deleteManifest, deleteTag } from "./delete-content.ts";
import { downloadBlob } from "./download-blob.ts";
import { fetchManifest, type Manifest, resolveManifest } from "./fetch-manifest.ts";
import type { HostConnection } from "./host-connection.ts";
import { listTexts } from "./listing.ts";
import { pushManifest } from "./push-manifest.ts";
import type { PushedManifest } from "./put-manifest.ts";
import { listReferrers } from "./referrers.ts";
import { RegistryConnections } from "./registry-connections.ts";
import type { RegistryOptions } from "./registry-options.ts";
import { catalogAccess, pullAccess } from "./scopes.ts";
import { hasBlob, mountBlob, uploadBlob } from "./upload-blob.ts";

export class RegistryClient {
  readonly #connections: RegistryConnections;

  constructor(options: RegistryOptions = {}) {
    this.#connections = new RegistryConnections(connectionContext(options), hostsSettings(options));
  }

  /** How large a document may be. */
  get documentBytes(): number {
    return this.#connections.context.limits.documentBytes;
  }

  /** What a tag or digest names: type, digest and size, without the content where the registry allows it. */
  resolve(reference: ImageReference): Promise<Descriptor> {
    return this.#connections.first(reference.domain, "resolve", (connection) =>
      resolveManifest(connection, reference),
    );
  }

  /** A manifest or an index, verified. By the digest if it is given, else what the reference names. */
  manifest(reference: ImageReference, digest?: Digest): Promise<Manifest> {
    const wanted = digest ?? reference.digest;
    const capability = wanted === undefined ? "resolve" : "pull";
    return this.#connections.first(reference.domain, capability, (connection) =>
      fetchManifest(connection, reference, wanted),
    );
  }

  /**
   * The bytes of a blob from `offset` on. Goes on after failures, never yields more than the
   * descriptor's size, and ends when all of it is there; throws when it can't be had.
   */
  blob(
    reference: ImageReference,
    descriptor: Descriptor,
    offset: number,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    return downloadBlob(this.#connections, { reference, descriptor, offset, signal });
  }

  /**
   * A blob came whole, but wrong. True: it is worth another try, which goes to another host, or once more
   * to the registry itself.
   */
  blobWasWrong({ digest }: Descriptor): boolean {
    return this.#connections.blobSenders.wereWrong(digest);
  }

  /** In the order of the registry, which is mostly that of the alphabet. */
  async *tags(reference: ImageReference): AsyncGenerator<string, void, undefined> {
    const { domain, path } = reference;
    const [connection] = this.#connections.of(domain, "resolve");
    const task = { operation: "list", subject: `the tags of ${quote(`${domain}/${path}`)}` };
    const request = { task, target: `${path}/tags/list`, access: pullAccess(path) };
    yield* listTexts(connection, request, "tags");
  }

  /** Names of the repositories of a registry ("localhost:5000"). Many registries refuse it. */
  async *repositories(domain: string): AsyncGenerator<string, void, undefined> {
    const [connection] = this.#connections.of(domain, "resolve");
    const task = { operation: "list", subject: `the repositories of ${quote(domain)}` };
    const request = { task, target: "_catalog", access: catalogAccess() };
    yield* listTexts(connection, request, "repositories");
  }

  /** Manifests that have `digest` as their subject; none where nothing is known of it. */
  referrers(
    reference: ImageReference,
    digest: Digest,
    artifactType?: string,
  ): Promise<readonly Descriptor[]> {
    return this.#connections.first(reference.domain, "resolve", (connection) =>
      listReferrers(connection, reference, digest, artifactType),
    );
  }

  /** What is attached to `digest` by the names of tags alone; see attached-tags.ts. */
  attached({ domain, path }: ImageReference, digest: Digest): Promise<readonly AttachedManifest[]> {
    return listAttached(digest, (tag) => this.resolve({ domain, path, tag }));
  }

  async hasBlob(reference: ImageReference, digest: Digest): Promise<boolean> {
    return await hasBlob(this.#pushing(reference), reference, digest);
  }

  /**
   * Takes a blob over from another repository of the same registry ("library/debian"). False: it was
   * not taken, for whatever reason; it has to be uploaded.
   */
  async mountBlob(reference: ImageReference, digest: Digest, fromPath: string): Promise<boolean> {
    return await mountBlob(this.#pushing(reference), reference, digest, fromPath);
  }

  async uploadBlob(
    reference: ImageReference,
    source: UploadSource,
    signal?: AbortSignal,
  ): Promise<void> {
    await uploadBlob(this.#pushing(reference), reference, source, signal);
  }

  /**
   * Under the tag of the reference, or without one under its digest. Adds it to the list of referrers
   * of its subject where the registry does not do that itself.
   */
  async putManifest(reference: ImageReference, manifest: PushedManifest): Promise<Digest> {
    return await pushManifest(this.#pushing(reference), reference, manifest);
  }

  async deleteManifest(reference: ImageReference, digest: Digest): Promise<void> {
    await deleteManifest(this.#pushing(reference), reference, digest);
  }

  async deleteTag(reference: ImageReference, tag: string): Promise<void> {
    await deleteTag(this.#pushing(reference), reference, tag);
  }

  async deleteBlob(reference: ImageReference, digest: Digest): Promise<void> {
    await deleteBlob(this.#pushing(reference), reference, digest);
  }

  #pushing({ domain }: ImageReference): HostConnection {
    return this.#connections.of(domain, "push")[0];
  }
}
