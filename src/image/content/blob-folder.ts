// The blobs of a store: regular files named by their digests, written once.

import {
  O_NONBLOCK,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFMT,
  S_IFREG,
} from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, hexOf } from "../../oci/digest.ts";
import { IMAGE_DOCUMENT_LENGTH_MAX } from "../../oci/parse/image.ts";
import type { Store } from "../../store/layout.ts";
import { checked } from "../../sys/call.ts";
import { OwnedFd, readAll, statAt, tryOpenAt2, tryUnlinkAt } from "../../sys/file.ts";

/** 0644: the store's own folder keeps others away. */
export const BLOB_MODE = 0o644;

/** Where a blob is, below blobs/. */
export function blobName(digest: Digest): string {
  return `${algorithmOf(digest)}/${hexOf(digest)}`;
}

/** Bytes; undefined: it is not here. Throws for what is no regular file. */
export function blobSize(store: Store, digest: Digest): number | undefined {
  const status = statAt(store.blobs.number, blobName(digest));
  if (status !== undefined && (status.mode & S_IFMT) !== S_IFREG) {
    throw notRegular(digest);
  }
  return status?.size;
}

/** Throws "not-found" where there is none. */
export function openBlob(store: Store, digest: Digest): OwnedFd {
  const how = {
    flags: O_RDONLY | O_NONBLOCK,
    resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  };
  const fd = tryOpenAt2(store.blobs.number, blobName(digest), how);
  if (fd === -Errno.ELOOP) {
    throw notRegular(digest);
  }
  using file = new OwnedFd(checked(fd, "open", `the blob ${digest}`));
  if (((statAt(file.number, "")?.mode ?? 0) & S_IFMT) !== S_IFREG) {
    throw notRegular(digest);
  }
  return new OwnedFd(file.release());
}

/** Throws unless the blob has the size and the digest that its descriptor says. */
export function readDocument(
  store: Store,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  limitBytes = IMAGE_DOCUMENT_LENGTH_MAX,
): Uint8Array {
  const subject = `the blob ${digest}`;
  if (size > limitBytes) {
    const reason = `it is larger than ${limitBytes} bytes`;
    throw new OcicatError("exhausted", { operation: "read", subject, reason });
  }
  using file = openBlob(store, digest);
  const content = readAll(file.number, subject, limitBytes);
  if (content.length !== size) {
    const reason = `it has ${content.length} bytes instead of ${size}`;
    throw new OcicatError("invalid-config", { operation: "verify", subject, reason });
  }
  if (!hasDigest(content, digest)) {
    throw new OcicatError("invalid-config", {
      operation: "verify",
      subject,
      reason: "it is damaged: its digest is another one",
      hint: "`ocicat system check --repair` removes it, and then it can be brought in again",
    });
  }
  return content;
}

function hasDigest(content: Uint8Array, digest: Digest): boolean {
  const algorithm = algorithmOf(digest);
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(content).digest("hex")}` === digest;
}

/** False: there was none. */
export function removeBlob(store: Store, digest: Digest): boolean {
  const result = tryUnlinkAt(store.blobs.number, blobName(digest));
  if (result !== -Errno.ENOENT) {
    checked(result, "remove", `the blob ${digest}`);
  }
  return result === 0;
}

function notRegular(digest: Digest): OcicatError {
  return new OcicatError("invalid-config", {
    operation: "read",
    subject: `the blob ${digest}`,
    reason: "it is not a regular file",
  });
}
