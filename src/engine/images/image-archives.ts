// Images in and out of archives and folders.

import type { ArchiveInput } from "../../image/formats/archive-input.ts";
import type { ArchiveOutput } from "../../image/formats/archive-output.ts";
import { exportImage } from "../../image/formats/export-rootfs.ts";
import { importRootfs } from "../../image/formats/import-rootfs.ts";
import { type LoadedImage, loadArchive } from "../../image/formats/load-archive.ts";
import { saveArchive } from "../../image/formats/save-archive.ts";
import type { SavedImage, SaveFormat } from "../../image/formats/save-plan.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { recordImageEvents } from "../events/record-image-event.ts";
import { namesOf, readCatalog } from "./catalog.ts";
import { entryOf, findImage } from "./find-image.ts";
import { type ImageSession, openImages, wantedPlatform } from "./image-session.ts";
import { descriptorOf, newName } from "./tag-image.ts";
import { bringInRequest, eventOptions, type WorkOptions } from "./transfer-options.ts";

export interface LoadOptions extends WorkOptions {
  readonly platform?: string | undefined;
}

/** Throws OcicatError; images that came before a fault stay. */
export async function loadImages(
  input: ArchiveInput,
  options: LoadOptions,
): Promise<readonly LoadedImage[]> {
  using session = await openImages(options);
  const loaded = await loadArchive(session.store, input, bringInRequest(session, options));
  for (const image of loaded) {
    recordBroughtIn(session, "load", image);
  }
  return loaded;
}

function recordBroughtIn(
  { surroundings }: ImageSession,
  action: "load" | "import",
  { imageId, descriptor, names }: LoadedImage,
): void {
  recordImageEvents(surroundings, action, { id: imageId ?? descriptor.digest, names });
}

export interface ImportImageOptions extends WorkOptions {
  readonly platform?: string | undefined;
  /** None: the image has its ID alone. */
  readonly names?: readonly string[];
  /** Instructions of a Dockerfile: 'CMD ["sh"]', "ENV A=1". */
  readonly changes?: readonly string[];
  readonly message?: string | undefined;
  readonly author?: string | undefined;
}

/** An image of one layer from the archive of a root file system. */
export async function importImage(
  input: ArchiveInput,
  options: ImportImageOptions,
): Promise<LoadedImage> {
  using session = await openImages(options);
  const { message, author, changes = [], names = [] } = options;
  const imported = await importRootfs(session.store, input, {
    ...bringInRequest(session, options),
    names: names.map((name) => newName(name, session.defaultDomain)),
    changes,
    ...(message === undefined ? {} : { message }),
    ...(author === undefined ? {} : { author }),
  });
  recordBroughtIn(session, "import", imported);
  return imported;
}

export interface SaveImagesOptions extends WorkOptions {
  readonly format?: SaveFormat;
  readonly platform?: string | undefined;
  /** Layers without compression. */
  readonly uncompressed?: boolean;
}

/** Several images may share an archive, also under the same ID. */
export async function saveImages(
  images: readonly string[],
  output: ArchiveOutput,
  options: SaveImagesOptions,
): Promise<void> {
  using session = await openImages(options);
  using lease = session.store.lease("save images");
  const saved = savedImages(session, images, options.platform);
  lease.protect(...saved.map(({ descriptor }) => descriptor.digest));
  await saveArchive(session.store, saved, output, {
    format: options.format ?? "docker-archive",
    platform: wantedPlatform(options.platform),
    uncompressed: options.uncompressed === true,
    ...eventOptions(options),
  });
  for (const image of saved) {
    recordImageEvents(session.surroundings, "save", image);
  }
}

/** An image by a name is saved under that name, one by its ID under all that it has, as docker does. */
function savedImages(
  session: ImageSession,
  images: readonly string[],
  platform: string | undefined,
): readonly (SavedImage & { readonly id: Digest })[] {
  const catalog = readCatalog(session, wantedPlatform(platform));
  const saved = new Map<Digest, SavedImage & { readonly id: Digest }>();
  for (const text of images) {
    const { image, name } = findImage(catalog, text, session.defaultDomain);
    const { descriptor } = entryOf(image, name);
    const known = saved.get(descriptor.digest) ?? { id: image.id, descriptor, names: [] };
    const names = name === undefined ? namesLeadingTo(image, descriptor) : [name];
    saved.set(descriptor.digest, { ...known, names: [...new Set([...known.names, ...names])] });
  }
  return [...saved.values()];
}

function namesLeadingTo(
  image: Parameters<typeof namesOf>[0],
  descriptor: Descriptor,
): readonly string[] {
  return namesOf({
    ...image,
    entries: image.entries.filter((entry) => entry.descriptor.digest === descriptor.digest),
  });
}

export interface ExportFilesOptions extends WorkOptions {
  readonly platform?: string | undefined;
}

/** The root file system of an image as a tar archive. */
export async function exportImageFiles(
  image: string,
  output: ArchiveOutput,
  options: ExportFilesOptions,
): Promise<void> {
  using session = await openImages(options);
  await exportImage(session.store, descriptorOf(session, image), output, {
    platform: wantedPlatform(options.platform),
    ...eventOptions(options),
  });
}
