// Digests of content, `algorithm:hex`. Source: image-spec descriptor.md, section "Digests". Of its
// algorithms the two registered ones are understood.

import { OcicatError, quote } from "../error/ocicat-error.ts";

export type DigestAlgorithm = "sha256" | "sha512";

/** `algorithm:hex`, the hexadecimal digits in lower case. */
export type Digest = `${DigestAlgorithm}:${string}`;

const HEX_LENGTHS: ReadonlyMap<string, number> = new Map<DigestAlgorithm, number>([
  ["sha256", 64],
  ["sha512", 128],
]);

export function isDigest(text: string): text is Digest {
  return digestProblem(text) === undefined;
}

/** Throws invalid-argument. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) {
    return text;
  }
  throw new OcicatError("invalid-argument", {
    operation: "parse",
    subject: `digest ${quote(text.slice(0, 200))}`,
    reason: digestProblem(text) ?? "not a digest",
  });
}

/** What is wrong with a digest, or nothing. */
export function digestProblem(text: string): string | undefined {
  const colon = text.indexOf(":");
  if (colon < 0) {
    return "not of the form algorithm:hex";
  }
  const length = HEX_LENGTHS.get(text.slice(0, colon));
  if (length === undefined) {
    return `the algorithm is none of ${[...HEX_LENGTHS.keys()].join(", ")}`;
  }
  const hex = text.slice(colon + 1);
  return hex.length === length && /^[0-9a-f]+$/.test(hex)
    ? undefined
    : `what follows the colon is not ${length} hexadecimal digits in lower case`;
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha512") ? "sha512" : "sha256";
}

/** Whether people can mean the digest by `text`: its first digits, with its algorithm or without. */
export function isBeginningOf(text: string, digest: Digest): boolean {
  const [, algorithm = algorithmOf(digest), hex] = /^(?:(\w+):)?([0-9a-f]+)$/.exec(text) ?? [];
  return hex !== undefined && algorithm === algorithmOf(digest) && hexOf(digest).startsWith(hex);
}

/** The part behind the colon: the blob's file name in an image layout. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}
