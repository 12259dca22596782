// What refers to an image, to where the image has been pushed.

import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { pushContent } from "./push-content.ts";
import type { PushOptions } from "./push-image.ts";
import { type PushSource, planPush } from "./push-plan.ts";
import { type ReferrersOf, walkReferrers } from "./walk-referrers.ts";

export interface PushReferrersRequest {
  readonly client: RegistryClient;
  readonly source: PushSource;
  readonly referrersOf: ReferrersOf;
  /** Its tag is the image's own. */
  readonly target: ImageReference;
  readonly repositoriesOf: (digest: Digest) => readonly string[];
}

export async function pushReferrers(
  { client, source, referrersOf, target, repositoriesOf }: PushReferrersRequest,
  subjects: readonly Digest[],
  options: PushOptions,
): Promise<void> {
  const { domain, path } = target;
  for await (const { descriptor, tag } of walkReferrers(subjects, referrersOf)) {
    const plan = await planPush(source, { top: descriptor, platform: options.platform });
    const to = { domain, path, ...(tag === undefined ? { digest: descriptor.digest } : { tag }) };
    await pushContent({ ...options, client, source, plan, target: to, repositoriesOf });
  }
}
