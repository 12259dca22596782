// The manifest or index that a name leads to, as it is: from the store, or from the registry when the store
// has none.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { parseReference, withDefaultTag } from "../../oci/reference.ts";
import { decodeText } from "../../sys/memory.ts";
import { type ImageSession, openImages } from "./image-session.ts";
import { descriptorOf } from "./tag-image.ts";
import { registryClient, type TransferOptions } from "./transfer-options.ts";

export interface InspectedManifest {
  readonly descriptor: Descriptor;
  readonly text: string;
}

export interface InspectManifestOptions extends TransferOptions {
  /** Asks the registry whatever the store has. */
  readonly remote?: boolean;
}

/** Throws OcicatError: that of the registry where both have none. */
export async function inspectManifest(
  image: string,
  options: InspectManifestOptions,
): Promise<InspectedManifest> {
  using session = await openImages(options);
  const stored = options.remote === true ? undefined : tryFind(session, image);
  if (stored !== undefined) {
    return { descriptor: stored, text: decodeText(session.store.readDocument(stored)) };
  }
  const reference = withDefaultTag(parseReference(image, { defaultDomain: session.defaultDomain }));
  const client = registryClient(session, reference.domain, options);
  const { descriptor, content } = await client.manifest(reference);
  return { descriptor, text: decodeText(content) };
}

function tryFind(session: ImageSession, image: string): Descriptor | undefined {
  try {
    return descriptorOf(session, image);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}
