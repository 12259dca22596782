// Names of images in the store: given and taken away.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { formatReference, parseReference, withDefaultTag } from "../../oci/reference.ts";
import { recordImageEvent } from "../events/record-image-event.ts";
import { hostPlatform } from "../host-platform.ts";
import { readCatalog } from "./catalog.ts";
import { entryOf, findImage } from "./find-image.ts";
import { type ImageOptions, type ImageSession, openImages } from "./image-session.ts";

/** Gives the image more names; other images lose them. Returns the whole names. */
export async function tagImage(
  image: string,
  names: readonly string[],
  options: ImageOptions,
): Promise<readonly string[]> {
  using session = await openImages(options);
  const wholeNames = names.map((name) => newName(name, session.defaultDomain));
  const { id, descriptor } = storedImage(session, image);
  for (const name of wholeNames) {
    await session.store.setName(name, descriptor);
    recordImageEvent(session.surroundings, "tag", { id, name });
  }
  return wholeNames;
}

/** What a name given by a user is in the store. Throws invalid-argument. */
export function newName(text: string, defaultDomain: string): string {
  const reference = parseReference(text, { defaultDomain });
  if (reference.digest !== undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "name",
      subject: `an image ${quote(text)}`,
      reason: "a digest follows from the content and cannot be given",
      hint: "leave out what follows the @",
    });
  }
  return formatReference(withDefaultTag(reference));
}

/** What a user's name or ID leads to: of an image with several names, what this name has. */
export function descriptorOf(session: ImageSession, text: string): Descriptor {
  return storedImage(session, text).descriptor;
}

function storedImage(
  session: ImageSession,
  text: string,
): { readonly id: Digest; readonly descriptor: Descriptor } {
  const catalog = readCatalog(session, hostPlatform());
  const { image, name } = findImage(catalog, text, session.defaultDomain);
  return { id: image.id, descriptor: entryOf(image, name).descriptor };
}

/**
 * Takes names away; the image stays, without a name if it has no other. No names: all of the image's.
 * Returns those that are gone.
 */
export async function untagImage(
  image: string,
  names: readonly string[],
  options: ImageOptions,
): Promise<readonly string[]> {
  using session = await openImages(options);
  const catalog = readCatalog(session, hostPlatform());
  const found = findImage(catalog, image, session.defaultDomain);
  const own = found.image.entries.flatMap(({ name }) => name ?? []);
  const gone =
    names.length === 0 ? own : names.map((name) => ownName(name, own, { image, session }));
  for (const name of gone) {
    await session.store.removeName(name, "keep-image");
    recordImageEvent(session.surroundings, "untag", { id: found.image.id, name });
  }
  return gone;
}

function ownName(
  text: string,
  own: readonly string[],
  { image, session }: { readonly image: string; readonly session: ImageSession },
): string {
  const reference = parseReference(text, { defaultDomain: session.defaultDomain });
  const name = formatReference(withDefaultTag(reference));
  if (!own.includes(name)) {
    throw new OcicatError("not-found", {
      operation: "untag",
      subject: quote(text),
      reason: `the image ${quote(image)} has no such name`,
      hint: own.length === 0 ? "it has no name at all" : `its names are ${own.join(", ")}`,
    });
  }
  return name;
}
