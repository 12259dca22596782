// The content of the store: blobs by digest, and the names of images. What images are made of, and what
// is made of them for containers, is not known here.

import { O_RDONLY } from "../../abi/file.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import { IMAGE_DOCUMENT_LENGTH_MAX } from "../../oci/parse/image.ts";
import { Store } from "../../store/layout.ts";
import { Lease } from "../../store/lease.ts";
import { writeWholeFile } from "../../store/whole-file.ts";
import { OwnedFd, openAt } from "../../sys/file.ts";
import { DigestCheck } from "../digest-check.ts";
import {
  BLOB_MODE,
  blobName,
  blobSize,
  openBlob,
  readDocument,
  removeBlob,
} from "./blob-folder.ts";
import type { Ingested, IngestRequest } from "./ingest-request.ts";
import type { EntryTest, LastName, NamedDescriptor } from "./name-index.ts";
import { keepNameless, readNames, removeDescriptors, removeName, setName } from "./name-index.ts";

export class ContentStore implements Disposable {
  readonly root: string;
  readonly folders: Store;
  /** Of everything that comes in through this object, until it is disposed of. */
  #ownLease: Lease | undefined;

  /** Opens the store, or makes it. */
  constructor(root: string) {
    this.root = root;
    this.folders = new Store(root);
  }

  /** Bytes; undefined: it is not here. */
  blobSize(digest: Digest): number | undefined {
    return blobSize(this.folders, digest);
  }

  /** Where the blob is, or would be. */
  blobPath(digest: Digest): string {
    return `${this.root}/blobs/${blobName(digest)}`;
  }

  /** For reading. Throws "not-found" where there is none. */
  openBlob(digest: Digest): OwnedFd {
    return openBlob(this.folders, digest);
  }

  /** False: there was none. For a blob whose content the store keeps in another form. */
  removeBlob(digest: Digest): boolean {
    return removeBlob(this.folders, digest);
  }

  /** Throws unless the blob has the size and the digest that its descriptor says. */
  readDocument(
    { digest, size }: Pick<Descriptor, "digest" | "size">,
    limitBytes = IMAGE_DOCUMENT_LENGTH_MAX,
  ): Uint8Array {
    return readDocument(this.folders, { digest, size }, limitBytes);
  }

  /**
   * Stores a document as a whole, or not at all. `expected`: throws unless this is its digest; the
   * descriptor then has that one, else sha256.
   */
  writeDocument(content: Uint8Array, mediaType: string, expected?: Digest): Descriptor {
    if (expected !== undefined) {
      const check = new DigestCheck(expected);
      check.update(content);
      check.verify(`the blob ${expected}`);
    }
    const digest = expected ?? sha256(content);
    this.#protect(digest);
    if (blobSize(this.folders, digest) !== content.length) {
      using folder = new OwnedFd(openAt(this.folders.blobs.number, algorithmOf(digest), O_RDONLY));
      writeWholeFile(this.folders.staging.number, {
        directoryFd: folder.number,
        name: hexOf(digest),
        content,
        mode: BLOB_MODE,
        existing: "replace",
      });
    }
    return { mediaType, digest, size: content.length };
  }

  /**
   * Streams a blob in; see IngestRequest. It is in the store once it is whole, verified and on the disk.
   * Throws "invalid-config" for content that is not what its descriptor says, "exhausted" when there is
   * no room, "interrupted" when it was aborted, and whatever `open` and `onChunk` throw.
   */
  async ingest(request: IngestRequest): Promise<Ingested> {
    this.#protect(request.descriptor.digest);
    const { ingest } = await import("./ingest.ts");
    return await ingest(this.folders, request);
  }

  /** In the order of index.json; see readNames. */
  names(isWanted?: EntryTest): readonly NamedDescriptor[] {
    return readNames(this.folders, isWanted);
  }

  findName(name: string): Descriptor | undefined {
    return this.names((each) => each === name).at(0)?.descriptor;
  }

  /**
   * Gives a name to what is in the store. The image that had it stays without one, unless it has
   * other names. Throws "not-found" when the blob is not here.
   */
  async setName(name: string, descriptor: Descriptor): Promise<void> {
    const { writeStandIn } = await import("./stand-in.ts");
    await setName(this.folders, name, descriptor, writeStandIn(this, descriptor));
  }

  /** Keeps an image in the store that has no name. */
  async keepNameless(descriptor: Descriptor): Promise<void> {
    await keepNameless(this.folders, descriptor);
  }

  /** False: there is no such name. */
  async removeName(name: string, lastName: LastName = "remove-image"): Promise<boolean> {
    return await removeName(this.folders, name, lastName);
  }

  /** Removes images from index.json, by the digests that are named there. Returns their names. */
  async removeDescriptors(...digests: readonly Digest[]): Promise<readonly string[]> {
    return await removeDescriptors(this.folders, new Set(digests));
  }

  /** What is protected by it is not collected until it is disposed of, or this process ends. */
  lease(purpose: string): Lease {
    return new Lease(this.folders, purpose);
  }

  #protect(digest: Digest): void {
    this.#ownLease ??= this.lease("content that comes in");
    this.#ownLease.protect(digest);
  }

  [Symbol.dispose](): void {
    this.#ownLease?.[Symbol.dispose]();
    this.folders[Symbol.dispose]();
  }
}

function sha256(content: Uint8Array): Digest {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
}
