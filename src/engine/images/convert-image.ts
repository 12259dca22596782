// Another form of an image of the store: its layers in another compression, its documents in other types.

import { convertImage } from "../../image/formats/convert-image.ts";
import type { LoadedImage } from "../../image/formats/load-archive.ts";
import type { LayerCompression } from "../../oci/media-types.ts";
import { openImages } from "./image-session.ts";
import { descriptorOf, newName } from "./tag-image.ts";
import { bringInRequest, type WorkOptions } from "./transfer-options.ts";

export interface ConvertStoredOptions extends WorkOptions {
  /** Of every layer; absent: each stays as it is. */
  readonly compression?: LayerCompression | undefined;
  readonly level?: number | undefined;
  /** Absent: those that the image has. */
  readonly mediaTypes?: "oci" | "docker" | undefined;
  /** For what is made; none: it has its ID alone, which is that of the image. */
  readonly names?: readonly string[];
}

/** All platforms that the store has. */
export async function convertStoredImage(
  image: string,
  options: ConvertStoredOptions,
): Promise<LoadedImage> {
  using session = await openImages(options);
  const { compression, level, mediaTypes, names = [] } = options;
  return await convertImage(session.store, descriptorOf(session, image), {
    ...bringInRequest(session, options),
    ...(compression === undefined ? {} : { compression }),
    ...(level === undefined ? {} : { level }),
    ...(mediaTypes === undefined ? {} : { mediaTypes }),
    names: names.map((name) => newName(name, session.defaultDomain)),
  });
}
