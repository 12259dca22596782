// A blob as a stream that survives what networks do: it goes on with Range where the last answer broke
// off, and with the next host where one gives up. It never yields more than the descriptor's size, and
// ends only when all of it is there. The digest is checked by whoever stores the bytes.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { isForeignLayer } from "../../oci/media-types.ts";
import type { ImageReference } from "../../oci/reference.ts";
import { exchange, strangersTls } from "./exchange.ts";
import type { HostConnection } from "./host-connection.ts";
import type { HttpAnswer } from "./http-answer.ts";
import type { RegistryConnections } from "./registry-connections.ts";
import { RegistryError, refusal, type Task } from "./registry-error.ts";
import { Attempts, endedBy } from "./retry.ts";
import { pullAccess } from "./scopes.ts";

/** Less than this between two failures is no progress: else a blob could take a failure for each byte. */
const PROGRESS_BYTES = 64 * 1024;

export interface BlobRequest {
  readonly reference: ImageReference;
  readonly descriptor: Descriptor;
  readonly offset: number;
  readonly signal: AbortSignal | undefined;
}

/** One host's way to open the blob at an offset. */
type Open = (offset: number) => Promise<HttpAnswer>;

export async function* downloadBlob(
  connections: RegistryConnections,
  request: BlobRequest,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { reference, descriptor } = request;
  const task = {
    operation: "fetch",
    subject: `the blob ${descriptor.digest} of ${quote(`${reference.domain}/${reference.path}`)}`,
  };
  const position = new Position(descriptor.size, request.offset);
  const hosts = connections.of(reference.domain, "pull");
  const [first, ...others] = connections.blobSenders.trusted(descriptor.digest, hosts);
  const from = (host: HostConnection) => {
    connections.blobSenders.note(descriptor.digest, host);
    return fromRegistry(task, host, request, position);
  };
  let connection = first;
  for (const next of others) {
    try {
      yield* from(connection);
      return;
    } catch (error) {
      connections.passOver(connection, error);
    }
    connection = next;
  }
  try {
    yield* from(connection);
  } catch (error) {
    if (!isMissingForeignLayer(error, descriptor)) {
      throw error;
    }
    yield* fromUrls(task, connection, request, position);
  }
}

/** How far the blob has come. */
class Position {
  readonly size: number;
  offset: number;

  constructor(size: number, offset: number) {
    this.size = size;
    this.offset = offset;
  }

  get remaining(): number {
    return this.size - this.offset;
  }
}

async function* fromRegistry(
  task: Task,
  connection: HostConnection,
  { reference, descriptor, signal }: BlobRequest,
  position: Position,
): AsyncGenerator<Uint8Array, void, undefined> {
  const open: Open = (offset) =>
    connection.send(task, {
      method: "GET",
      target: `${reference.path}/blobs/${descriptor.digest}`,
      access: pullAccess(reference.path),
      accepts: offset === 0 ? [200] : [200, 206],
      headers: rangeOf(offset),
      signal,
    });
  const context = endedBy(connection.context, signal);
  using _slot = await connection.downloads.take(context.signal);
  yield* readOn(task, open, new Attempts(context, `blob ${descriptor.digest}`), position);
}

/**
 * Foreign layers may not be kept by registries; their descriptors say where they are. These addresses
 * come from the manifest: they get no credentials, and have to be as safe as the registry.
 */
async function* fromUrls(
  task: Task,
  connection: HostConnection,
  { descriptor, signal }: BlobRequest,
  position: Position,
): AsyncGenerator<Uint8Array, void, undefined> {
  const context = endedBy(connection.context, signal);
  const isPlain = await connection.isPlain(task);
  const urls = (descriptor.urls ?? []).filter((url) => isAllowed(url, isPlain));
  let failure: unknown = new RegistryError("not-found", {
    ...task,
    reason: "it is a foreign layer, and none of its addresses may be used",
  });
  for (const url of urls) {
    const open: Open = async (offset) => {
      const request = {
        method: "GET",
        url: new URL(url),
        headers: rangeOf(offset),
        signal,
      } as const;
      const answer = await exchange(task, request, strangersTls(connection.host.tls), context);
      if (answer.status === 200 || (offset > 0 && answer.status === 206)) {
        return answer;
      }
      const { status, headers } = answer;
      throw refusal(task, {
        status,
        headers,
        text: await answer.beginning(0),
        host: answer.url.host,
      });
    };
    try {
      yield* readOn(task, open, new Attempts(context, `blob ${descriptor.digest}`), position);
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function isAllowed(url: string, isPlain: boolean): boolean {
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  return protocol === "https:" || (isPlain && protocol === "http:");
}

function isMissingForeignLayer(error: unknown, { mediaType, urls }: Descriptor): boolean {
  const isMissing = error instanceof OcicatError && error.code === "not-found";
  return isMissing && isForeignLayer(mediaType) && (urls ?? []).length > 0;
}

function rangeOf(offset: number): Record<string, string> {
  return offset === 0 ? {} : { Range: `bytes=${offset}-` };
}

/** Reads until everything is there, from as many answers as it takes. */
async function* readOn(
  task: Task,
  open: Open,
  attempts: Attempts,
  position: Position,
): AsyncGenerator<Uint8Array, void, undefined> {
  let progressFrom = position.offset;
  while (position.remaining > 0) {
    try {
      yield* oneAnswer(task, await open(position.offset), position);
    } catch (error) {
      if (position.offset - progressFrom >= PROGRESS_BYTES) {
        attempts.progressed();
        progressFrom = position.offset;
      }
      await attempts.afterFailure(error);
    }
  }
}

async function* oneAnswer(
  task: Task,
  answer: HttpAnswer,
  position: Position,
): AsyncGenerator<Uint8Array, void, undefined> {
  // A registry without Range sends everything again.
  let skipped = answer.status === 206 ? 0 : position.offset;
  await checkLength(task, answer, position);
  for await (const chunk of answer.chunks()) {
    const fresh = chunk.subarray(skipped);
    skipped -= chunk.length - fresh.length;
    if (fresh.length > position.remaining) {
      throw wrongLength(task, answer, "more");
    }
    if (fresh.length > 0) {
      position.offset += fresh.length;
      yield fresh;
    }
  }
  if (position.remaining > 0) {
    throw wrongLength(task, answer, "less");
  }
}

/** What the head of an answer promises has to be what is missing. */
async function checkLength(task: Task, answer: HttpAnswer, position: Position): Promise<void> {
  const { length, status } = answer;
  const expected = status === 206 ? position.remaining : position.size;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers.get("content-range") ?? "");
  const isRightRange =
    status !== 206 ||
    (Number(range?.[1]) === position.offset &&
      (range?.[2] === "*" || Number(range?.[2]) === position.size));
  if (isRightRange && (length === undefined || length === expected)) {
    return;
  }
  answer.abandon();
  throw new RegistryError(
    "invalid-config",
    {
      ...task,
      reason: isRightRange
        ? `${quote(answer.url.host)} offers ${length} bytes instead of ${expected}`
        : `${quote(answer.url.host)} sends another range than it was asked for`,
    },
    { isTransient: true },
  );
}

/** What is cut off can be complete the next time; what is too long stays another blob. */
function wrongLength(task: Task, answer: HttpAnswer, how: "more" | "less"): RegistryError {
  const reason = `${quote(answer.url.host)} sends ${how} than the blob's size`;
  const details = { ...task, reason };
  return new RegistryError("invalid-config", details, { isTransient: how === "less" });
}
