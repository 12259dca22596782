// Checks every blob against its name: what it is called is what it has to contain.

import { OcicatError } from "../../error/ocicat-error.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { BLOB_FOLDERS, type Store } from "../../store/layout.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { blobSize, openBlob, removeBlob } from "./blob-folder.ts";
import type { Discovery } from "./check-finding.ts";
import { type CheckProgress, hashFile } from "./hash-file.ts";

export interface BlobCheck {
  readonly store: Store;
  /** Looks at the files without reading them. */
  readonly isQuick: boolean;
  readonly progress: CheckProgress;
}

export async function* checkBlobs(check: BlobCheck): AsyncGenerator<Discovery> {
  const { store } = check;
  for (const folder of BLOB_FOLDERS) {
    for (const { name } of readDirectoryAt(store.blobs.number, folder)) {
      const digest = `${folder}:${name}`;
      if (!isDigest(digest)) {
        yield { found: { kind: "stray", path: `blobs/${folder}/${name}` } };
        continue;
      }
      const reason = await problemOf(check, digest);
      if (reason !== undefined) {
        // It counts as there, and would never be brought in again.
        const repair = (): void => {
          removeBlob(store, digest);
        };
        yield { found: { kind: "blob", digest, reason }, repair };
      }
    }
  }
}

/** Undefined: it is sound, or was removed meanwhile. */
async function problemOf(
  { store, isQuick, progress }: BlobCheck,
  digest: Digest,
): Promise<string | undefined> {
  try {
    const size = blobSize(store, digest);
    if (size === undefined || isQuick) {
      return undefined;
    }
    using file = openBlob(store, digest);
    const range = { digest, offset: 0, length: size };
    return await hashFile(file.number, range, progress);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    if (error instanceof OcicatError && error.code === "invalid-config") {
      return error.reason;
    }
    throw error;
  }
}
