// The right answers of the faulty registry: distribution-spec 1.1, as far as clients use it.

import { digestOf, mediaTypeOf, type RegistryContent } from "./faulty-registry-content.ts";
import type { RequestKind } from "./faulty-registry-faults.ts";
import { type Answer, errorAnswer, json, type RequestHead } from "./faulty-registry-http.ts";
import { Uploads } from "./faulty-registry-uploads.ts";

export interface AnswerSettings {
  /** The list of referrers and the header OCI-Subject; true when absent. */
  readonly referrers?: boolean;
  /** Entries of a page of tags, repositories or referrers; all of them when absent. */
  readonly pageSize?: number;
  /** OCI-Chunk-Min-Length. */
  readonly chunkBytesMin?: number;
  /** Tags can be deleted. */
  readonly deletesTags?: boolean;
}

export interface Route {
  readonly kind: RequestKind;
  readonly repository: string;
  /** A tag, a digest, an upload. */
  readonly name: string;
}

const ROUTES: readonly (readonly [RegExp, RequestKind])[] = [
  [/^\/v2\/(.+)\/manifests\/([^/]+)$/, "manifest"],
  [/^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/, "upload"],
  [/^\/v2\/(.+)\/blobs\/([^/]+)$/, "blob"],
  [/^\/v2\/(.+)\/tags\/(list)$/, "tags"],
  [/^\/v2\/(.+)\/referrers\/([^/]+)$/, "referrers"],
  [/^\/v2\/()(_catalog)$/, "catalog"],
  [/^\/v2\/?()()$/, "ping"],
  [/^\/token()()$/, "token"],
];

export function routeOf(path: string): Route {
  for (const [pattern, kind] of ROUTES) {
    const match = pattern.exec(path);
    if (match !== null) {
      return { kind, repository: match[1] ?? "", name: match[2] ?? "" };
    }
  }
  return { kind: "other", repository: "", name: "" };
}

export class Answers {
  readonly #content: RegistryContent;
  readonly #settings: AnswerSettings;
  readonly #uploads: Uploads;

  constructor(content: RegistryContent, settings: AnswerSettings) {
    this.#content = content;
    this.#settings = settings;
    this.#uploads = new Uploads(content, settings.chunkBytesMin);
  }

  answer(head: RequestHead, route: Route, body: Uint8Array): Answer {
    switch (route.kind) {
      case "ping":
        return json(200, {});
      case "manifest":
        return this.#manifest(head, route, body);
      case "blob":
        return this.#blob(head, route);
      case "upload":
        return this.#uploads.answer(head, route, body);
      case "tags":
        return this.#content.has(route.repository)
          ? this.#page(
              head,
              "tags",
              [...this.#content.repository(route.repository).tags.keys()].sort(),
            )
          : errorAnswer(404, "NAME_UNKNOWN");
      case "catalog":
        return this.#page(head, "repositories", this.#content.names);
      case "referrers":
        return this.#referrers(head, route);
      default:
        return errorAnswer(404, "UNSUPPORTED");
    }
  }

  #manifest(head: RequestHead, { repository, name }: Route, body: Uint8Array): Answer {
    const found = this.#content.repository(repository);
    const digest = name.includes(":") ? name : (found.tags.get(name) ?? "");
    const stored = found.manifests.get(digest);
    if (head.method === "PUT") {
      return this.#putManifest(head, repository, name, body);
    }
    if (stored === undefined) {
      return errorAnswer(404, "MANIFEST_UNKNOWN");
    }
    if (head.method === "DELETE") {
      return this.#deleteManifest(repository, name, digest);
    }
    return {
      status: 200,
      headers: {
        "Content-Type": stored.mediaType,
        "Docker-Content-Digest": digest,
        ETag: `"${digest}"`,
      },
      body: stored.content,
    };
  }

  #putManifest(head: RequestHead, repository: string, name: string, body: Uint8Array): Answer {
    const found = this.#content.repository(repository);
    const current = found.tags.get(name);
    const ifMatch = head.headers.get("if-match");
    if (ifMatch !== undefined && ifMatch !== `"${current}"`) {
      return errorAnswer(412, "UNKNOWN");
    }
    const content = new Uint8Array(body);
    const digest = digestOf(content);
    const mediaType = head.headers.get("content-type") ?? mediaTypeOf(content);
    found.manifests.set(digest, { content, mediaType });
    if (!name.includes(":")) {
      found.tags.set(name, digest);
    }
    const subject = subjectOf(content);
    const isKept = subject !== undefined && this.#settings.referrers !== false;
    return {
      status: 201,
      headers: {
        Location: `/v2/${repository}/manifests/${digest}`,
        "Docker-Content-Digest": digest,
        ...(isKept ? { "OCI-Subject": subject } : {}),
      },
    };
  }

  #deleteManifest(repository: string, name: string, digest: string): Answer {
    const { tags, manifests } = this.#content.repository(repository);
    if (name.includes(":")) {
      manifests.delete(digest);
      for (const [tag, tagged] of tags) {
        if (tagged === digest) {
          tags.delete(tag);
        }
      }
      return { status: 202 };
    }
    if (this.#settings.deletesTags !== true) {
      return errorAnswer(405, "UNSUPPORTED");
    }
    tags.delete(name);
    return { status: 202 };
  }

  #blob(head: RequestHead, { repository, name }: Route): Answer {
    const { blobs } = this.#content.repository(repository);
    const content = blobs.get(name);
    if (content === undefined) {
      return errorAnswer(404, "BLOB_UNKNOWN");
    }
    if (head.method === "DELETE") {
      blobs.delete(name);
      return { status: 202 };
    }
    const headers = { "Content-Type": "application/octet-stream", "Docker-Content-Digest": name };
    const from = /^bytes=(\d+)-$/.exec(head.headers.get("range") ?? "")?.[1];
    if (from === undefined) {
      return { status: 200, headers, body: content };
    }
    const start = Number(from);
    if (start >= content.length) {
      return { status: 416, headers: { "Content-Range": `bytes */${content.length}` } };
    }
    const range = `bytes ${start}-${content.length - 1}/${content.length}`;
    return {
      status: 206,
      headers: { ...headers, "Content-Range": range },
      body: content.subarray(start),
    };
  }

  #referrers(head: RequestHead, { repository, name }: Route): Answer {
    if (this.#settings.referrers === false) {
      return errorAnswer(404, "UNSUPPORTED");
    }
    const { manifests } = this.#content.repository(repository);
    const all = [...manifests].filter(([, { content }]) => subjectOf(content) === name);
    const descriptors = all.map(([digest, { content, mediaType }]) => {
      const { artifactType, config, annotations } = JSON.parse(new TextDecoder().decode(content));
      const size = content.length;
      return {
        mediaType,
        digest,
        size,
        artifactType: artifactType ?? config?.mediaType,
        annotations,
      };
    });
    const wanted = head.query.get("artifactType");
    const listed = descriptors.filter(
      ({ artifactType }) => wanted === null || artifactType === wanted,
    );
    const { entries, headers } = this.#slice(head, listed, ({ digest }) => digest);
    const mediaType = "application/vnd.oci.image.index.v1+json";
    return json(
      200,
      { schemaVersion: 2, mediaType, manifests: entries },
      {
        "Content-Type": mediaType,
        ...(wanted === null ? {} : { "OCI-Filters-Applied": "artifactType" }),
        ...headers,
      },
    );
  }

  #page(head: RequestHead, name: string, all: readonly string[]): Answer {
    const { entries, headers } = this.#slice(head, all, (entry) => entry);
    return json(200, { name: "test", [name]: entries }, headers);
  }

  /** With a link to the next page, which begins behind the query's `last`. */
  #slice<Entry>(
    head: RequestHead,
    all: readonly Entry[],
    keyOf: (entry: Entry) => string,
  ): { entries: readonly Entry[]; headers: Record<string, string> } {
    const last = head.query.get("last");
    const begin = last === null ? 0 : all.findIndex((entry) => keyOf(entry) === last) + 1;
    const size = this.#settings.pageSize ?? all.length;
    const entries = all.slice(begin, begin + size);
    const end = entries.at(-1);
    if (end === undefined || begin + size >= all.length) {
      return { entries, headers: {} };
    }
    const query = new URLSearchParams(head.query);
    query.set("last", keyOf(end));
    return { entries, headers: { Link: `<${head.path}?${query}>; rel="next"` } };
  }
}

function subjectOf(content: Uint8Array): string | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(content)).subject?.digest;
  } catch {
    return undefined;
  }
}
