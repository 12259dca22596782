// Remembers which repository has content, for pushes to the same registry, which need not send it then.

import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { ContentStore } from "../content/content-store.ts";

export async function noteOrigin(
  store: ContentStore,
  { domain, path }: ImageReference,
  digests: readonly Digest[],
): Promise<void> {
  const { Metadata } = await import("../content/metadata.ts");
  const metadata = new Metadata(store.root);
  metadata.noteSource(`${domain}/${path}`, [...new Set(digests)]);
}
