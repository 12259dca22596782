// Brings the images of an archive into the store: `ocicat load`. Accepts what `docker save`, `podman save`,
// skopeo, buildah, umoci and saveArchive write: Docker archives and OCI layouts, in a tar archive or a
// folder, also compressed, from a file or through a pipe; and skopeo's folders of one image.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { BringInOptions } from "../bring-in-request.ts";
import type { ContentStore } from "../content/content-store.ts";
import { readArchiveImages } from "./archive-images.ts";
import type { ArchiveInput } from "./archive-input.ts";
import { openMembers } from "./open-archive.ts";

export interface LoadedImage {
  /** What the names lead to: a manifest or an index. */
  readonly descriptor: Descriptor;
  /** Of the configuration; undefined: it is not an image that containers can be made of. */
  readonly imageId: Digest | undefined;
  /** Whole: "docker.io/library/debian:12". None: the image has only its id. */
  readonly names: readonly string[];
}

/**
 * Returns the images in the order of the archive. Names that other images had are taken from them.
 * Throws "invalid-config" for an archive that is damaged, not whole, or none of images: the store then
 * has those that came before the fault.
 */
export async function loadArchive(
  store: ContentStore,
  input: ArchiveInput,
  options: BringInOptions,
): Promise<readonly LoadedImage[]> {
  const { bringIn } = await import("../bring-in.ts");
  using members = await openMembers(store.folders, input, options);
  const { source, images } = await readArchiveImages(members, options.platform);
  const loaded: LoadedImage[] = [];
  for (const { descriptor, names } of images) {
    using brought = await bringIn(store, source, descriptor, options);
    await nameImage(store, brought.descriptor, names);
    const imageId = brought.manifests[0]?.manifest.config.digest;
    loaded.push({ descriptor: brought.descriptor, imageId, names });
  }
  return loaded;
}

/** Keeps what was brought in, under its names or without one. */
export async function nameImage(
  store: ContentStore,
  descriptor: Descriptor,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    await store.setName(name, descriptor);
  }
  if (names.length === 0) {
    await store.keepNameless(descriptor);
  }
}
