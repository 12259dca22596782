// Names of images, by the grammar of the distribution project's reference package:
//
//   [domain[:port]/]path[:tag][@digest]      registry.example:5000/team/app:1.0@sha256:...
//
// A name without a domain is completed as Docker does it: "debian" is docker.io/library/debian. The
// registry that completes it can be another one. Before it may stand "docker://", as podman and skopeo
// write what is in a registry.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { type Digest, digestProblem, isDigest } from "./digest.ts";

export interface ImageReference {
  /** With its port, if it has one: "docker.io", "localhost:5000", "[::1]:5000". */
  readonly domain: string;
  /** "library/debian". */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

export interface ReferenceOptions {
  /** For names without one; "docker.io" when absent. */
  readonly defaultDomain?: string;
}

export const DOCKER_HUB = "docker.io";
export const DEFAULT_TAG = "latest";

/** As the distribution project has it, for the path. */
const PATH_LENGTH_MAX = 255;

/** Throws invalid-argument. A tag that is not written is not added: see withDefaultTag. */
export function parseReference(text: string, options: ReferenceOptions = {}): ImageReference {
  const fail = (reason: string): never => {
    throw new OcicatError("invalid-argument", {
      operation: "parse",
      subject: `image name ${quote(text.slice(0, 400))}`,
      reason,
    });
  };
  if (/^[0-9a-f]{64}$/.test(text)) {
    fail("64 hexadecimal digits are an identifier, not a name");
  }
  const { name, tag, digest } = splitSuffixes(text.replace(/^docker:\/\//, ""));
  if (digest !== undefined && !isDigest(digest)) {
    return fail(digestProblem(digest) ?? "not a digest");
  }
  if (tag !== undefined && !isTag(tag)) {
    fail(`${quote(tag.slice(0, 200))} is not a tag`);
  }
  const { domain, path } = splitName(name, options.defaultDomain ?? DOCKER_HUB);
  const problem = domainProblem(domain) ?? pathProblem(path);
  if (problem !== undefined) {
    fail(problem);
  }
  return {
    domain,
    path,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The whole name: "docker.io/library/debian:12". parseReference reads it back. */
export function formatReference(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}${suffixesOf(reference)}`;
}

/** The name as short as Docker's tools show it: "debian:12". */
export function formatFamiliar(reference: ImageReference, options: ReferenceOptions = {}): string {
  const { domain, path } = reference;
  if (domain !== (options.defaultDomain ?? DOCKER_HUB)) {
    return formatReference(reference);
  }
  const official = "library/";
  const isOfficial =
    domain === DOCKER_HUB &&
    path.startsWith(official) &&
    !path.slice(official.length).includes("/");
  return `${isOfficial ? path.slice(official.length) : path}${suffixesOf(reference)}`;
}

/** Completes a name that has neither tag nor digest. */
export function withDefaultTag(reference: ImageReference, tag = DEFAULT_TAG): ImageReference {
  return reference.tag === undefined && reference.digest === undefined
    ? { ...reference, tag }
    : reference;
}

export function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

function suffixesOf({ tag, digest }: ImageReference): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

interface Suffixes {
  readonly name: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** A colon before the last slash belongs to a port. */
function splitSuffixes(text: string): Suffixes {
  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const tagged = at < 0 ? text : text.slice(0, at);
  const colon = tagged.indexOf(":", tagged.lastIndexOf("/") + 1);
  return {
    name: colon < 0 ? tagged : tagged.slice(0, colon),
    tag: colon < 0 ? undefined : tagged.slice(colon + 1),
    digest,
  };
}

/**
 * The first component is a domain if it could be nothing else: it is "localhost", or has a dot, a
 * colon or a capital letter.
 */
function splitName(name: string, defaultDomain: string): { domain: string; path: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isDomain = first === "localhost" || /[.:A-Z]/.test(first);
  const written = isDomain ? first : defaultDomain;
  const domain = written === "index.docker.io" ? DOCKER_HUB : written;
  const path = isDomain ? name.slice(slash + 1) : name;
  const needsLibrary = domain === DOCKER_HUB && !path.includes("/");
  return { domain, path: needsLibrary ? `library/${path}` : path };
}

const DOMAIN_COMPONENT = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const DOMAIN = new RegExp(
  `^(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])(?::([0-9]{1,5}))?$`,
);

function domainProblem(domain: string): string | undefined {
  const match = domain.length > PATH_LENGTH_MAX ? null : DOMAIN.exec(domain);
  const isDomain = match !== null && Number(match[1] ?? 0) <= 65_535;
  return isDomain ? undefined : `${quote(domain.slice(0, 200))} is not the domain of a registry`;
}

const PATH_COMPONENT = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;

function pathProblem(path: string): string | undefined {
  if (path.length > PATH_LENGTH_MAX) {
    return `the repository's name is longer than ${PATH_LENGTH_MAX} characters`;
  }
  if (/[A-Z]/.test(path)) {
    return "the repository's name must be in lower case";
  }
  const wrong = path.split("/").find((component) => !PATH_COMPONENT.test(component));
  return wrong === undefined ? undefined : `${quote(wrong)} is not part of a repository's name`;
}
