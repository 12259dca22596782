// Blobs on their way to a registry: whether they are there, taken over from another repository of the
// same registry, or uploaded in one request. Uploads in several: upload-chunks.ts.
//
//   POST NAME/blobs/uploads/ -> 202, Location     PUT Location?digest=D, the content -> 201
//                                                 413: too much for one request, so by chunks

import { quote } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import {
  BINARY,
  beginUpload,
  checkStored,
  nothing,
  storingMs,
  type UploadSource,
} from "./begin-upload.ts";
import type { HostConnection } from "./host-connection.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { RegistryError, type Task } from "./registry-error.ts";
import { endedBy, withRetries } from "./retry.ts";
import { mountAccess, pullAccess, pushAccess } from "./scopes.ts";
import { type BlobUpload, TOO_LARGE, uploadChunks } from "./upload-chunks.ts";
import { uploadLocation } from "./upload-location.ts";

export async function hasBlob(
  connection: HostConnection,
  reference: ImageReference,
  digest: Digest,
): Promise<boolean> {
  const task = blobTask("look for", reference, digest);
  return await withRetries(connection.context, `blob ${digest}`, async () => {
    const answer = await connection.send(task, {
      method: "HEAD",
      target: `${reference.path}/blobs/${digest}`,
      access: pullAccess(reference.path),
      accepts: [200, 404],
    });
    await answer.discard();
    return answer.status === 200;
  });
}

/** Statuses by which registries say that they do not mount, or not this, or not for us. */
const NOT_MOUNTED = [400, 401, 403, 404, 405, 501];

/** True: the registry took it over. Otherwise it has to be uploaded. */
export async function mountBlob(
  connection: HostConnection,
  reference: ImageReference,
  digest: Digest,
  fromPath: string,
): Promise<boolean> {
  const task = blobTask("mount", reference, digest);
  try {
    return await withRetries(connection.context, `blob ${digest}`, async () => {
      const answer = await connection.send(task, {
        method: "POST",
        target: `${reference.path}/blobs/uploads/`,
        query: { mount: digest, from: fromPath },
        access: mountAccess(reference.path, fromPath),
        accepts: [201, 202],
        body: nothing,
      });
      await answer.discard();
      if (answer.status === 202) {
        await cancelUpload(connection, task, reference, answer);
      }
      return answer.status === 201;
    });
  } catch (error) {
    if (error instanceof RegistryError && NOT_MOUNTED.includes(error.facts.status ?? 0)) {
      return false;
    }
    throw error;
  }
}

/** Registries answer an offer to mount with an upload where they can't. Nobody is bound to end it. */
async function cancelUpload(
  connection: HostConnection,
  task: Task,
  { path }: ImageReference,
  answer: HttpAnswer,
): Promise<void> {
  try {
    const ended = await connection.send(task, {
      method: "DELETE",
      target: uploadLocation(task, answer),
      access: pushAccess(path),
      accepts: [200, 202, 204, 404, 405],
    });
    await ended.discard();
  } catch (error) {
    if (!(error instanceof RegistryError)) {
      throw error;
    }
  }
}

export async function uploadBlob(
  connection: HostConnection,
  reference: ImageReference,
  source: UploadSource,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { digest, size } = source.descriptor;
  const task = blobTask("push", reference, digest);
  const context = endedBy(connection.context, signal);
  using _slot = await connection.uploads.take(context.signal);
  const { chunkBytes } = connection.context.limits;
  const upload = { task, connection, reference, source, signal };
  if (size > chunkBytes) {
    await uploadChunks(upload, chunkBytes);
    return;
  }
  const isTaken = await withRetries(context, `blob ${digest}`, () => uploadWhole(upload));
  if (!isTaken) {
    await uploadChunks(upload, Math.min(FALLBACK_CHUNK_BYTES, Math.ceil(size / 2)));
  }
}

/** Smaller than what proxies before registries let pass by default; halved where it is not. */
const FALLBACK_CHUNK_BYTES = 32 * 1024 * 1024;

/** False: it is too much for one request. */
async function uploadWhole(upload: BlobUpload): Promise<boolean> {
  const { task, connection, reference, source, signal } = upload;
  const { digest, size } = source.descriptor;
  const begun = await beginUpload(task, connection, reference, signal);
  const answer = await connection.send(task, {
    method: "PUT",
    target: begun.location,
    query: { digest },
    access: pushAccess(reference.path),
    accepts: [201, 204, TOO_LARGE],
    headers: BINARY,
    extraAnswerMs: storingMs(size),
    body: () => ({
      kind: "stream",
      size,
      chunks: source.open(0),
      onSent: (bytes) => source.onProgress?.(bytes),
    }),
    signal,
  });
  await answer.discard();
  if (answer.status === TOO_LARGE) {
    return false;
  }
  checkStored(task, answer, digest);
  return true;
}

function blobTask(operation: string, { domain, path }: ImageReference, digest: Digest): Task {
  return { operation, subject: `the blob ${digest} of ${quote(`${domain}/${path}`)}` };
}
