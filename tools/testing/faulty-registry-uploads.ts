// Uploads to the faulty registry: in one request, in several, or mounted from another repository.

import { digestOf, type RegistryContent } from "./faulty-registry-content.ts";
import { type Answer, errorAnswer, type RequestHead } from "./faulty-registry-http.ts";

interface UploadRoute {
  readonly repository: string;
  /** The upload's; "" begins one. */
  readonly name: string;
}

export class Uploads {
  readonly #content: RegistryContent;
  readonly #chunkBytesMin: number | undefined;
  readonly #open = new Map<string, Uint8Array>();
  #count = 0;

  constructor(content: RegistryContent, chunkBytesMin: number | undefined) {
    this.#content = content;
    this.#chunkBytesMin = chunkBytesMin;
  }

  answer(head: RequestHead, route: UploadRoute, body: Uint8Array): Answer {
    const received = this.#open.get(route.name);
    if (head.method === "POST") {
      return this.#begin(head, route);
    }
    if (received === undefined) {
      return errorAnswer(404, "BLOB_UPLOAD_UNKNOWN");
    }
    switch (head.method) {
      case "PATCH":
        return this.#append(head, route, received, body);
      case "PUT":
        return this.#end(head, route, Buffer.concat([received, body]));
      case "DELETE":
        this.#open.delete(route.name);
        return { status: 204 };
      default:
        return this.#progress(204, route, received.length);
    }
  }

  #begin(head: RequestHead, { repository }: UploadRoute): Answer {
    const mounted = head.query.get("mount");
    const from = this.#content.repository(head.query.get("from") ?? "").blobs;
    const content = mounted === null ? undefined : from.get(mounted);
    if (mounted !== null && content !== undefined) {
      this.#content.repository(repository).blobs.set(mounted, content);
      return { status: 201, headers: { Location: `/v2/${repository}/blobs/${mounted}` } };
    }
    this.#count += 1;
    const name = `upload-${this.#count}`;
    this.#open.set(name, new Uint8Array());
    const minimum: Record<string, string> =
      this.#chunkBytesMin === undefined
        ? {}
        : { "OCI-Chunk-Min-Length": String(this.#chunkBytesMin) };
    const location = `/v2/${repository}/blobs/uploads/${name}?state=a%2Fb~%20c`;
    return { status: 202, headers: { Location: location, Range: "0-0", ...minimum } };
  }

  #append(head: RequestHead, route: UploadRoute, received: Uint8Array, body: Uint8Array): Answer {
    const range = /^(\d+)-(\d+)$/.exec(head.headers.get("content-range") ?? "");
    if (range !== null && Number(range[1]) !== received.length) {
      return this.#progress(416, route, received.length);
    }
    const all = Buffer.concat([received, body]);
    this.#open.set(route.name, all);
    return this.#progress(202, route, all.length);
  }

  #end(head: RequestHead, { repository, name }: UploadRoute, content: Buffer): Answer {
    const digest = head.query.get("digest") ?? "";
    // The query of a Location is the registry's: it has to come back as it was.
    if (head.query.get("state") !== "a/b~ c") {
      return errorAnswer(400, "BLOB_UPLOAD_INVALID");
    }
    if (digestOf(content) !== digest) {
      return errorAnswer(400, "DIGEST_INVALID");
    }
    this.#open.delete(name);
    this.#content.repository(repository).blobs.set(digest, new Uint8Array(content));
    const location = `/v2/${repository}/blobs/${digest}`;
    return { status: 201, headers: { Location: location, "Docker-Content-Digest": digest } };
  }

  #progress(status: number, { repository, name }: UploadRoute, bytes: number): Answer {
    const location = `/v2/${repository}/blobs/uploads/${name}?state=a%2Fb~%20c`;
    const range = `0-${Math.max(0, bytes - 1)}`;
    return { status, headers: { Location: location, Range: range } };
  }
}
