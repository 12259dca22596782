// Images from the store into registries.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type PushResult, pushImage } from "../../image/transfer/push-image.ts";
import type { PushForm } from "../../image/transfer/recompressed-source.ts";
import { parseReference } from "../../oci/reference.ts";
import { recordImageEvent } from "../events/record-image-event.ts";
import { namesOf, readCatalog } from "./catalog.ts";
import { entryOf, findImage } from "./find-image.ts";
import { type ImageSession, openImages, wantedPlatform } from "./image-session.ts";
import { tryParseName } from "./shown-names.ts";
import { eventOptions, registryClient, type TransferOptions } from "./transfer-options.ts";

export interface PushImagesOptions extends TransferOptions {
  /** Where to; absent: where the image's name says. */
  readonly target?: string | undefined;
  /** Pushes this platform alone of an image for several. */
  readonly platform?: string | undefined;
  /** Also what refers to the images: signatures, lists of parts. */
  readonly referrers?: boolean;
  /** Also layers that may not be passed on, as far as they are here. */
  readonly foreignLayers?: boolean;
  /** Every name of the store in the repository that `image` names. */
  readonly allTags?: boolean;
  /** Absent: byte for byte as it is in the store. */
  readonly form?: PushForm | undefined;
}

export type { PushForm };

interface Push {
  readonly source: string;
  readonly target: string;
}

/** Throws OcicatError; what the registry has got until then is there for the next try. */
export async function pushImages(
  image: string,
  options: PushImagesOptions,
): Promise<readonly PushResult[]> {
  using session = await openImages(options);
  if (options.allTags === true && options.target !== undefined) {
    throw new OcicatError("invalid-argument", {
      operation: "push",
      subject: `all tags of ${quote(image)}`,
      reason: "they go to where they say, not to one name",
    });
  }
  const pushes =
    options.allTags === true ? tagsOf(session, image) : [pushOf(session, image, options)];
  const results: PushResult[] = [];
  for (const { source, target } of pushes) {
    results.push(await pushOne(session, { source, target }, options));
  }
  return results;
}

async function pushOne(
  session: ImageSession,
  { source, target }: Push,
  options: PushImagesOptions,
): Promise<PushResult> {
  const { store, defaultDomain } = session;
  const platform = wantedPlatform(options.platform);
  const { image, name } = findImage(readCatalog(session, platform), source, defaultDomain);
  const { domain } = parseReference(target, { defaultDomain });
  const place = { store, client: registryClient(session, domain, options) };
  const result = await pushImage(place, entryOf(image, name).descriptor, target, {
    platform,
    ...(options.platform === undefined ? {} : { index: "alone" }),
    form: options.form,
    referrers: options.referrers === true,
    foreignLayers: options.foreignLayers === true ? "push" : "leave-out",
    parallel: session.surroundings.configuration.get("image.parallel-downloads"),
    defaultDomain,
    ...eventOptions(options),
  });
  recordImageEvent(session.surroundings, "push", { id: image.id, name: result.name });
  return result;
}

/** An image that is pushed by its ID goes to where its only name says. */
function pushOf(
  session: ImageSession,
  text: string,
  { target, platform }: PushImagesOptions,
): Push {
  if (target !== undefined) {
    return { source: text, target };
  }
  const catalog = readCatalog(session, wantedPlatform(platform));
  const { image, name } = findImage(catalog, text, session.defaultDomain);
  const [first, ...others] = name === undefined ? namesOf(image) : [name];
  if (first === undefined || others.length > 0) {
    throw new OcicatError("invalid-argument", {
      operation: "push",
      subject: `image ${quote(text)}`,
      reason: first === undefined ? "it has no name" : "it has several names",
      hint: "say where to: `ocicat push IMAGE NAME`",
    });
  }
  return { source: text, target: first };
}

function tagsOf(session: ImageSession, text: string): readonly Push[] {
  const { defaultDomain, store } = session;
  const wanted = parseReference(text, { defaultDomain });
  const names = store.names().flatMap(({ name = "" }) => {
    const reference = tryParseName(name, defaultDomain);
    const isWanted =
      reference?.domain === wanted.domain &&
      reference.path === wanted.path &&
      reference.tag !== undefined;
    return isWanted ? [name] : [];
  });
  if (wanted.tag !== undefined || wanted.digest !== undefined || names.length === 0) {
    throw new OcicatError(names.length === 0 ? "not-found" : "invalid-argument", {
      operation: "push",
      subject: `all tags of ${quote(text)}`,
      reason:
        names.length === 0 ? "the store has none of that repository" : "it names one tag already",
    });
  }
  return [...new Set(names)].map((name) => ({ source: name, target: name }));
}
