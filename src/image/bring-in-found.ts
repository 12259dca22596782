// Makes an image ready for containers that was found in a layout, or in the store itself. Cold code:
// reached through import() only.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { bringIn } from "./bring-in.ts";
import type { BringInOptions } from "./bring-in-request.ts";
import { checkLayout, describeBlob } from "./layout-documents.ts";
import { LayoutSource } from "./layout-source.ts";
import type { ImageRecord } from "./record.ts";
import type { FoundImage, ResolvePlace } from "./resolve.ts";

export async function bringInFound(
  { store, platform, options }: ResolvePlace,
  found: FoundImage,
): Promise<ImageRecord> {
  const folder = found.layout ?? store.root;
  checkLayout(folder);
  const top = found.descriptor ?? describeBlob(folder, found.digest);
  const source = new LayoutSource(folder);
  using brought = await bringIn(store, source, top, bringInOptions(options, platform));
  const [first] = brought.manifests;
  if (first?.record === undefined) {
    throw new OcicatError("unsupported", {
      operation: "run",
      subject: `the image ${quote(top.digest)}`,
      reason: first?.reason ?? "it has no manifest for this platform",
    });
  }
  if (found.layout !== undefined) {
    await store.keepNameless(withoutNames(top));
  }
  return first.record;
}

function bringInOptions(options: ResolvePlace["options"], platform: BringInOptions["platform"]) {
  const { format, limits, parallel, compressed, onEvent, signal } = options;
  const { ownership, unpackAsOwner } = options;
  return {
    platform,
    ...(format === undefined ? {} : { format }),
    ...(limits === undefined ? {} : { limits }),
    ...(ownership === undefined ? {} : { ownership }),
    ...(unpackAsOwner === undefined ? {} : { unpackAsOwner }),
    ...(parallel === undefined ? {} : { parallel }),
    ...(compressed === undefined ? {} : { compressed }),
    ...(onEvent === undefined ? {} : { onEvent }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** What a layout's index.json says of its own names does not count here. */
function withoutNames({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) };
}
