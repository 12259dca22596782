// Manifests and indexes: what a tag or a digest names (resolve), and their content, verified.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, type Digest, type DigestAlgorithm, isDigest } from "../../oci/digest.ts";
import {
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  isIndexType,
  isManifestType,
  OCI_INDEX,
  OCI_MANIFEST,
} from "../../oci/media-types.ts";
import { formatReference, type ImageReference, withDefaultTag } from "../../oci/reference.ts";
import type { HostConnection, RegistryRequest } from "./host-connection.ts";
import type { HttpAnswer } from "./http-answer.ts";
import { propertyOf, RegistryError, type Task } from "./registry-error.ts";
import { withRetries } from "./retry.ts";
import { pullAccess } from "./scopes.ts";

export interface Manifest {
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
  /** Of HTTP, a strong one; what a conditional push can name. */
  readonly entityTag: string | undefined;
}

/** The last two are asked for so that a registry that has nothing else says so by sending it. */
const ACCEPTED = [
  OCI_INDEX,
  OCI_MANIFEST,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  "application/vnd.oci.artifact.manifest.v1+json;q=0.5",
  "application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1",
  "application/json;q=0.1",
].join(", ");

/** By HEAD; by GET where the answer to HEAD does not say everything. */
export async function resolveManifest(
  connection: HostConnection,
  reference: ImageReference,
): Promise<Descriptor> {
  const task = { operation: "resolve", subject: quote(formatReference(reference)) };
  const name = manifestName(reference);
  const described = await withRetries(connection.context, subjectOf(name), async () => {
    const request = manifestRequest("HEAD", reference, name);
    const answer = await connection.send(task, { ...request, accepts: [200, 405] });
    await answer.discard();
    return answer.status === 200 ? describe(task, answer, reference.digest) : undefined;
  });
  return described ?? (await fetchManifest(connection, reference, reference.digest)).descriptor;
}

/** The content by `digest`; without one, what the reference names. */
export async function fetchManifest(
  connection: HostConnection,
  reference: ImageReference,
  digest: Digest | undefined,
): Promise<Manifest> {
  const name = digest ?? manifestName(reference);
  const task = {
    operation: "fetch",
    subject: `the manifest ${quote(name)} of ${quote(`${reference.domain}/${reference.path}`)}`,
  };
  const { limits } = connection.context;
  return await withRetries(connection.context, subjectOf(name), async () => {
    const answer = await connection.send(task, manifestRequest("GET", reference, name));
    refuseOldFormat(task, typeOf(answer));
    const content = await answer.document(limits.documentBytes);
    const expected = digest ?? (isDigest(name) ? name : undefined);
    const actual = verify(task, answer, content, expected);
    const mediaType = agreedType(task, typeOf(answer), content);
    const written = answer.headers.get("etag") ?? "";
    const entityTag = /^"[\x21\x23-\x7e]+"$/.test(written) ? written : undefined;
    return { descriptor: { mediaType, digest: actual, size: content.length }, content, entityTag };
  });
}

/** A digest says exactly what is meant; the tag beside it is then for the reader. */
function manifestName(reference: ImageReference): string {
  return reference.digest ?? withDefaultTag(reference).tag ?? "";
}

function manifestRequest(
  method: "GET" | "HEAD",
  { path }: ImageReference,
  name: string,
): RegistryRequest {
  return {
    method,
    target: `${path}/manifests/${name}`,
    access: pullAccess(path),
    accepts: [200],
    headers: { Accept: ACCEPTED },
  };
}

function subjectOf(name: string): string {
  return `manifest ${name}`;
}

/** In lower case, without parameters. */
function typeOf(answer: HttpAnswer): string {
  const [type = ""] = (answer.headers.get("content-type") ?? "").split(";");
  return type.trim().toLowerCase();
}

/** Undefined: the head of the answer leaves something open. */
function describe(
  task: Task,
  answer: HttpAnswer,
  expected: Digest | undefined,
): Descriptor | undefined {
  const mediaType = typeOf(answer);
  refuseOldFormat(task, mediaType);
  const stated = answer.headers.get("docker-content-digest") ?? "";
  const size = answer.length;
  const isKnownType = isIndexType(mediaType) || isManifestType(mediaType);
  if (!isDigest(stated) || size === undefined || size === 0 || !isKnownType) {
    return undefined;
  }
  if (expected !== undefined && stated !== expected) {
    throw wrongDigest(task, answer, stated, expected);
  }
  return { mediaType, digest: stated, size };
}

/** The digest of the content: the expected one, or by the algorithm that the registry uses. */
function verify(
  task: Task,
  answer: HttpAnswer,
  content: Uint8Array,
  expected: Digest | undefined,
): Digest {
  const header = answer.headers.get("docker-content-digest") ?? "";
  const stated = isDigest(header) ? header : undefined;
  const wanted = expected ?? stated;
  const actual = digestOf(content, wanted === undefined ? "sha256" : algorithmOf(wanted));
  if (wanted !== undefined && actual !== wanted) {
    throw wrongDigest(task, answer, actual, wanted);
  }
  return actual;
}

export function digestOf(content: Uint8Array, algorithm: DigestAlgorithm): Digest {
  const hash = new Bun.CryptoHasher(algorithm).update(content);
  return `${algorithm}:${hash.digest("hex")}`;
}

/** Bytes that were damaged on their way are worth another attempt. */
function wrongDigest(
  task: Task,
  answer: HttpAnswer,
  actual: string,
  expected: string,
): RegistryError {
  const reason = `${quote(answer.url.host)} sent content with the digest ${actual} instead of ${expected}`;
  return new RegistryError("invalid-config", { ...task, reason }, { isTransient: true });
}

/**
 * The type of a document by itself and by its registry. Registries that do not know it say
 * application/json or text/plain; two that contradict each other are refused (CVE-2021-41190).
 */
function agreedType(task: Task, stated: string, content: Uint8Array): string {
  const document = parsed(task, content);
  if (propertyOf(document, "schemaVersion") === 1) {
    throw oldFormat(task);
  }
  const own = propertyOf(document, "mediaType");
  const isSpecific = stated.startsWith("application/vnd.");
  if (typeof own === "string" && own !== "") {
    if (isSpecific && stated !== own.toLowerCase()) {
      throw new OcicatError("invalid-config", {
        ...task,
        reason: `the registry calls it ${quote(stated)}, it calls itself ${quote(own)}`,
      });
    }
    return own;
  }
  const guessed = propertyOf(document, "manifests") === undefined ? OCI_MANIFEST : OCI_INDEX;
  return isSpecific ? stated : guessed;
}

function parsed(task: Task, content: Uint8Array): unknown {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(content));
    if (typeof document === "object" && document !== null) {
      return document;
    }
  } catch {
    // Told below, as for JSON that is no object.
  }
  throw new OcicatError("invalid-config", {
    ...task,
    reason: "what the registry sent is neither an image manifest nor an index",
  });
}

function refuseOldFormat(task: Task, mediaType: string): void {
  if (mediaType.startsWith("application/vnd.docker.distribution.manifest.v1+")) {
    throw oldFormat(task);
  }
}

function oldFormat(task: Task): OcicatError {
  return new OcicatError("unsupported", {
    ...task,
    reason: "it is an image of schema 1, a format that was given up in 2017",
    hint: "build it again, or convert it: skopeo copy --format oci",
  });
}
