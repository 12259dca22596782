// How an upload begins and ends, whether it has one request in between or many; and what is uploaded.

import { quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { HostConnection } from "./host-connection.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { RegistryError, type Task } from "./registry-error.ts";
import type { RequestBody } from "./request-body.ts";
import { pushAccess } from "./scopes.ts";
import { uploadLocation } from "./upload-location.ts";

export interface UploadSource {
  readonly descriptor: Descriptor;
  /** The blob's bytes from `offset` on. Called again when an upload goes on after a failure. */
  open(offset: number): AsyncIterable<Uint8Array>;
  /** Bytes that are on their way or there; can go back after a failure. */
  onProgress?(bytes: number): void;
}

export const BINARY = { "Content-Type": "application/octet-stream" };

export interface BegunUpload {
  readonly location: URL;
  /** The registry takes no chunks smaller than this, but for the last. */
  readonly chunkBytesMin: number;
}

export async function beginUpload(
  task: Task,
  connection: HostConnection,
  { path }: ImageReference,
  signal: AbortSignal | undefined,
): Promise<BegunUpload> {
  const answer = await connection.send(task, {
    method: "POST",
    target: `${path}/blobs/uploads/`,
    access: pushAccess(path),
    accepts: [202],
    body: nothing,
    signal,
  });
  await answer.discard();
  const stated = answer.headers.get("oci-chunk-min-length") ?? "";
  const chunkBytesMin = /^\d{1,10}$/.test(stated) ? Number(stated) : 0;
  return { location: uploadLocation(task, answer), chunkBytesMin };
}

export function nothing(): RequestBody {
  return { kind: "bytes", content: "" };
}

/** A registry that says what it stored has to have stored what was sent; some know sha256 only. */
export function checkStored(task: Task, answer: HttpAnswer, digest: Digest): void {
  const stated = answer.headers.get("docker-content-digest");
  const isComparable = stated?.startsWith(`${algorithmOf(digest)}:`) === true;
  if (isComparable && stated !== digest) {
    throw new RegistryError(
      "unavailable",
      { ...task, reason: `${quote(answer.url.host)} stored it as ${quote(stated.slice(0, 200))}` },
      { isTransient: true },
    );
  }
}

/** At the end of an upload a registry may read all of it again, or copy it to where it stays. */
const STORED_BYTES_PER_MS = 10_000;

export function storingMs(bytes: number): number {
  return Math.ceil(bytes / STORED_BYTES_PER_MS);
}
