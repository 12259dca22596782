// Images from registries into the store.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type PullResult, pullAllTags, pullImage } from "../../image/transfer/pull-image.ts";
import { parseReference } from "../../oci/reference.ts";
import { recordImageEvent } from "../events/record-image-event.ts";
import { openImages } from "./image-session.ts";
import { bringInRequest, registryClient, type TransferOptions } from "./transfer-options.ts";

export interface PullImagesOptions extends TransferOptions {
  /** "linux/arm64/v8"; this machine's when absent. */
  readonly platform?: string | undefined;
  /** Every tag of the repository. */
  readonly allTags?: boolean;
  /** All that an index lists, not one platform alone. */
  readonly allPlatforms?: boolean;
  /** Also what refers to the images: signatures, lists of parts. */
  readonly referrers?: boolean;
  /** Called for each image that is there. */
  readonly onPulled?: (result: PullResult) => void;
}

/** Throws OcicatError; what has come until then stays for the next try. */
export async function pullImages(
  name: string,
  options: PullImagesOptions,
): Promise<readonly PullResult[]> {
  try {
    return await pullNamed(name, options);
  } catch (error) {
    throw withTags(error, name);
  }
}

/** As pullImages, without a hint at what the registry has. */
export async function pullNamed(
  name: string,
  options: PullImagesOptions,
): Promise<readonly PullResult[]> {
  using session = await openImages(options);
  const { store, defaultDomain } = session;
  const { domain, tag, digest } = parseReference(name, { defaultDomain });
  if (options.allTags === true && (tag !== undefined || digest !== undefined)) {
    throw new OcicatError("invalid-argument", {
      operation: "pull",
      subject: `all tags of ${quote(name)}`,
      reason: "it names one image already",
    });
  }
  const place = { store, client: registryClient(session, domain, options) };
  const request = {
    ...bringInRequest(session, options),
    allPlatforms: options.allPlatforms === true,
    referrers: options.referrers === true,
    defaultDomain,
  };
  const results: PullResult[] = [];
  const take = (result: PullResult): void => {
    results.push(result);
    const { imageId, descriptor } = result;
    const id = imageId ?? descriptor.digest;
    recordImageEvent(session.surroundings, "pull", { id, name: result.name });
    options.onPulled?.(result);
  };
  if (options.allTags === true) {
    for await (const result of pullAllTags(place, name, request)) {
      take(result);
    }
  } else {
    take(await pullImage(place, name, request));
  }
  return results;
}

/** The same error; of a tag that the registry does not have with what tells the others. */
export function withTags(error: unknown, name: string): unknown {
  if (!(error instanceof OcicatError) || error.code !== "not-found" || error.hint !== undefined) {
    return error;
  }
  const { code, operation, subject, reason } = error;
  // As the user writes it: the registry that names without one are of is the same for that command.
  const repository = name.replace(/@.*$/, "").replace(/:[^:/]*$/, "");
  const hint = `\`ocicat registry tags ${repository}\` lists those that there are`;
  return new OcicatError(code, { operation, subject, reason, cause: error, hint });
}
