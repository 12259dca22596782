// References to images in OCI image layouts: `oci:FOLDER`, `oci:FOLDER:NAME`, `oci:FOLDER@DIGEST`. As
// with other tools that take them, the folder's path ends at the first colon; NAME, whatever it
// contains, is the reference name in index.json (image-spec annotations.md).

import { OcicatError, quote } from "../error/ocicat-error.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";

const PREFIX = "oci:";

export interface LayoutReference {
  readonly folder: string;
  readonly name?: string;
  readonly digest?: Digest;
}

export function isLayoutReference(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Throws invalid-argument. */
export function parseLayoutReference(text: string): LayoutReference {
  const rest = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  const digestAt = /@(?=sha\d+:)/.exec(rest)?.index ?? -1;
  const beforeDigest = digestAt < 0 ? rest : rest.slice(0, digestAt);
  const colon = beforeDigest.indexOf(":");
  const folder = colon < 0 ? beforeDigest : beforeDigest.slice(0, colon);
  const name = colon < 0 ? "" : beforeDigest.slice(colon + 1);
  if (folder === "") {
    throw new OcicatError("invalid-argument", {
      operation: "parse",
      subject: `the image reference ${quote(text)}`,
      reason: "it is not of the form oci:FOLDER[:NAME][@DIGEST]",
    });
  }
  return {
    folder,
    ...(name === "" ? {} : { name }),
    ...(digestAt < 0 ? {} : { digest: parseDigest(rest.slice(digestAt + 1)) }),
  };
}
