// A blob uploaded chunk by chunk: after a failure it goes on where the registry got to.
//
//   POST NAME/blobs/uploads/ -> 202, Location, OCI-Chunk-Min-Length
//   PATCH Location, Content-Range: FIRST-LAST -> 202, Location, Range: 0-LAST       for each chunk
//                                             -> 413: half as much at a time
//   GET Location -> 204, Location, Range: 0-LAST                                    after a failure
//   PUT Location?digest=D -> 201

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
import { Attempts, endedBy } from "./retry.ts";
import { pushAccess } from "./scopes.ts";
import { uploadLocation } from "./upload-location.ts";

export interface BlobUpload {
  readonly task: Task;
  readonly connection: HostConnection;
  readonly reference: ImageReference;
  readonly source: UploadSource;
  readonly signal: AbortSignal | undefined;
}

/** Content Too Large: of one request, often by a proxy before the registry (RFC 9110 section 15.5.14). */
export const TOO_LARGE = 413;
/** Less is hardly ever meant. */
const CHUNK_BYTES_MIN = 64 * 1024;

export async function uploadChunks(upload: BlobUpload, chunkBytes: number): Promise<void> {
  const { connection, source, signal } = upload;
  const context = endedBy(connection.context, signal);
  const attempts = new Attempts(context, `blob ${source.descriptor.digest}`);
  const session = new Session(upload, chunkBytes);
  let furthest = 0;
  while (!session.isDone) {
    try {
      await session.advance();
      if (session.offset > furthest) {
        furthest = session.offset;
        attempts.progressed();
      }
    } catch (error) {
      session.isSure = false;
      await attempts.afterFailure(error);
    }
  }
}

class Session {
  /** False: after a failure the registry has to be asked how far it got. */
  isSure = true;
  isDone = false;
  /** What the registry has. */
  offset = 0;
  readonly #upload: BlobUpload;
  #location: URL | undefined;
  #chunkBytes: number;
  /** What the registry demands. */
  #chunkBytesMin = 0;

  constructor(upload: BlobUpload, chunkBytes: number) {
    this.#upload = upload;
    this.#chunkBytes = chunkBytes;
  }

  /** One step of the upload: a chunk, or its end. */
  async advance(): Promise<void> {
    if (this.#location !== undefined && !this.isSure) {
      await this.#askHowFar(this.#location);
    }
    this.#location ??= await this.#begin();
    this.isSure = true;
    if (this.offset < this.#upload.source.descriptor.size) {
      await this.#sendChunk(this.#location);
    } else {
      await this.#end(this.#location);
    }
  }

  async #begin(): Promise<URL> {
    const { task, connection, reference, signal } = this.#upload;
    const begun = await beginUpload(task, connection, reference, signal);
    this.#chunkBytesMin = begun.chunkBytesMin;
    this.#chunkBytes = Math.max(this.#chunkBytes, this.#chunkBytesMin);
    this.offset = 0;
    return begun.location;
  }

  async #sendChunk(location: URL): Promise<void> {
    const { task, connection, reference, source, signal } = this.#upload;
    const offset = this.offset;
    const size = Math.min(this.#chunkBytes, source.descriptor.size - offset);
    const answer = await connection.send(task, {
      method: "PATCH",
      target: location,
      access: pushAccess(reference.path),
      accepts: [202, 204, 404, 416, ...(this.#mayHalve() ? [TOO_LARGE] : [])],
      headers: { ...BINARY, "Content-Range": `${offset}-${offset + size - 1}` },
      body: () => ({
        kind: "stream",
        size,
        chunks: firstBytes(source.open(offset), size),
        onSent: (bytes) => source.onProgress?.(offset + bytes),
      }),
      signal,
    });
    await answer.discard();
    if (answer.status === TOO_LARGE) {
      this.#chunkBytes = Math.ceil(this.#chunkBytes / 2);
      this.isSure = false;
      return;
    }
    const isTaken = answer.status !== 404 && answer.status !== 416;
    const received = receivedBytes(answer) ?? offset + size;
    if (!isTaken || received <= offset) {
      // The upload was given up there, or stands elsewhere than we thought.
      throw this.#outOfStep(answer);
    }
    this.offset = received;
    this.#location = uploadLocation(task, answer);
  }

  #mayHalve(): boolean {
    return this.#chunkBytes / 2 >= Math.max(CHUNK_BYTES_MIN, this.#chunkBytesMin);
  }

  async #askHowFar(location: URL): Promise<void> {
    const { task, connection, reference, signal } = this.#upload;
    const answer = await connection.send(task, {
      method: "GET",
      target: location,
      access: pushAccess(reference.path),
      accepts: [200, 202, 204, 400, 404, 405],
      signal,
    });
    await answer.discard();
    const received = answer.status < 300 ? receivedBytes(answer) : undefined;
    if (received === undefined || received > this.#upload.source.descriptor.size) {
      // It is not known there any more: from the beginning.
      this.#location = undefined;
      return;
    }
    this.offset = received;
    this.#location = answer.headers.has("location") ? uploadLocation(task, answer) : location;
  }

  async #end(location: URL): Promise<void> {
    const { task, connection, reference, source, signal } = this.#upload;
    const { digest, size } = source.descriptor;
    const answer = await connection.send(task, {
      method: "PUT",
      target: location,
      query: { digest },
      access: pushAccess(reference.path),
      accepts: [201, 204],
      headers: BINARY,
      body: nothing,
      extraAnswerMs: storingMs(size),
      signal,
    });
    await answer.discard();
    checkStored(task, answer, digest);
    this.isDone = true;
  }

  #outOfStep({ status }: HttpAnswer): RegistryError {
    const reason = `the registry does not go on with the upload (${status})`;
    return new RegistryError(
      "unavailable",
      { ...this.#upload.task, reason },
      { isTransient: true, status },
    );
  }
}

/**
 * How many bytes the registry has, by its header Range. "0-0" is what Docker's registry says of none;
 * of one byte too, which then is sent again and found out.
 */
function receivedBytes(answer: HttpAnswer): number | undefined {
  const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.headers.get("range") ?? "")?.[1];
  if (last === undefined) {
    return undefined;
  }
  return last === "0" ? 0 : Number(last) + 1;
}

async function* firstBytes(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let missing = bytes;
  for await (const chunk of chunks) {
    const part = chunk.subarray(0, missing);
    missing -= part.length;
    yield part;
    if (missing === 0) {
      return;
    }
  }
}
