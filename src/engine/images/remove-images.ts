// Removing images: a name goes, and with an image's last name the image; what nothing leads to any more is
// collected. An image that containers use stays in the store until they are gone, with or without a name.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { collectGarbage } from "../../image/content/collect-garbage.ts";
import type { Digest } from "../../oci/digest.ts";
import { recordImageEvent, recordRemoval } from "../events/record-image-event.ts";
import { hostPlatform } from "../host-platform.ts";
import { type CatalogImage, namesOf, readCatalog } from "./catalog.ts";
import { findBroken, findImage } from "./find-image.ts";
import { type ImageOptions, type ImageSession, openImages } from "./image-session.ts";
import { familiarName } from "./shown-names.ts";

export interface RemoveOptions extends ImageOptions {
  /** Also an image with several names by its ID, and one that containers use. */
  readonly force?: boolean;
  /** Content that nothing leads to stays until the next removal or prune. */
  readonly keepContent?: boolean;
}

export interface RemovedImage {
  /** As users see them. */
  readonly untagged: readonly string[];
  /** The ID of an image that is gone. */
  readonly deleted: Digest | undefined;
}

export interface Removal {
  readonly removed: readonly RemovedImage[];
  /** One for each that could not be removed: "not-found", or "wrong-state" when it is in use. */
  readonly failures: readonly OcicatError[];
  readonly freedBytes: number;
}

/** Removes as many as possible. Throws OcicatError where the store itself fails. */
export async function removeImages(
  images: readonly string[],
  options: RemoveOptions,
): Promise<Removal> {
  using session = await openImages(options);
  const removed: RemovedImage[] = [];
  const failures: OcicatError[] = [];
  for (const image of images) {
    try {
      removed.push(await removeOne(session, image, options.force === true));
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      failures.push(error);
    }
  }
  if (removed.length === 0 || options.keepContent === true) {
    return { removed, failures, freedBytes: 0 };
  }
  const { bytes } = await collectGarbage(session.store);
  return { removed, failures, freedBytes: bytes };
}

async function removeOne(
  session: ImageSession,
  text: string,
  force: boolean,
): Promise<RemovedImage> {
  const { store, defaultDomain } = session;
  const catalog = readCatalog(session, hostPlatform());
  const broken = findBroken(catalog, text, defaultDomain);
  if (broken !== undefined) {
    await store.removeDescriptors(broken.descriptor.digest);
    return {
      untagged: broken.names.map((name) => familiarName(name, defaultDomain)),
      deleted: undefined,
    };
  }
  const { image, name } = findImage(catalog, text, defaultDomain);
  const names = namesOf(image);
  return name !== undefined && names.length > 1
    ? await removeNames(session, image, [name])
    : await removeWhole(session, image, { text, force, isNamed: name !== undefined });
}

interface Request {
  /** As the user named it. */
  readonly text: string;
  readonly force: boolean;
  readonly isNamed: boolean;
}

async function removeWhole(
  session: ImageSession,
  image: CatalogImage,
  { text, force, isNamed }: Request,
): Promise<RemovedImage> {
  const names = namesOf(image);
  if (!force && image.containers.length > 0) {
    throw inUse(text, image);
  }
  if (!force && !isNamed && names.length > 1) {
    const shown = names.map((name) => familiarName(name, session.defaultDomain));
    throw new OcicatError("wrong-state", {
      operation: "remove",
      subject: `image ${quote(text)}`,
      reason: `it has several names: ${shown.join(", ")}`,
      hint: "remove it by its names, or all at once with --force",
    });
  }
  if (image.containers.length > 0) {
    return await removeNames(session, image, names);
  }
  const removed = new Set(image.entries.map(({ descriptor }) => descriptor.digest));
  for (const digest of removed) {
    await session.store.removeDescriptors(digest);
  }
  recordRemoval(session.surroundings, { id: image.id, names });
  return {
    untagged: names.map((name) => familiarName(name, session.defaultDomain)),
    deleted: image.id,
  };
}

async function removeNames(
  { store, defaultDomain, surroundings }: ImageSession,
  image: CatalogImage,
  names: readonly string[],
): Promise<RemovedImage> {
  const lastName = image.containers.length > 0 ? "keep-image" : "remove-image";
  for (const name of names) {
    await store.removeName(name, lastName);
    recordImageEvent(surroundings, "untag", { id: image.id, name });
  }
  return { untagged: names.map((name) => familiarName(name, defaultDomain)), deleted: undefined };
}

function inUse(text: string, { containers }: CatalogImage): OcicatError {
  const shown = containers.map(quote).join(", ");
  return new OcicatError("wrong-state", {
    operation: "remove",
    subject: `image ${quote(text)}`,
    reason: `it is used by ${containers.length === 1 ? "container" : "containers"} ${shown}`,
    hint: "--force takes its names; its content stays until the containers are gone",
  });
}
