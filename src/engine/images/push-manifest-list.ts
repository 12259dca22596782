// A manifest list and all of its images into a registry. What of them is in no store stays in its registry
// until then, and goes from there.

import { type PushResult, pushImage } from "../../image/transfer/push-image.ts";
import type { PushForm } from "../../image/transfer/recompressed-source.ts";
import { parseReference } from "../../oci/reference.ts";
import { recordImageEvent } from "../events/record-image-event.ts";
import { hostPlatform } from "../host-platform.ts";
import { openImages } from "./image-session.ts";
import { readList } from "./manifest-lists.ts";
import { eventOptions, registryClient, type TransferOptions } from "./transfer-options.ts";

export interface PushListOptions extends TransferOptions {
  /** Where to; absent: where the list's name says. */
  readonly target?: string | undefined;
  /** Absent: byte for byte as it is in the store. */
  readonly form?: PushForm | undefined;
}

/** Throws "not-found" and "invalid-argument" for what is no list, and what the registries answer. */
export async function pushManifestList(
  list: string,
  options: PushListOptions,
): Promise<PushResult> {
  using session = await openImages(options);
  const { store, defaultDomain } = session;
  const { name, descriptor } = readList(session, list);
  const target = options.target ?? name;
  const { domain } = parseReference(target, { defaultDomain });
  const place = { store, client: registryClient(session, domain, options) };
  const result = await pushImage(place, descriptor, target, {
    platform: hostPlatform(),
    form: options.form,
    missing: "fetch",
    parallel: session.surroundings.configuration.get("image.parallel-downloads"),
    defaultDomain,
    ...eventOptions(options),
  });
  recordImageEvent(session.surroundings, "push", { id: descriptor.digest, name: result.name });
  return result;
}
