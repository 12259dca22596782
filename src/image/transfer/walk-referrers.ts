// From images to what refers to them, and to what refers to that: a signature may itself be signed.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageReference } from "../../oci/reference.ts";
import type { Referrer, StoredReferrer } from "../content/referrer-index.ts";
import type { RegistryClient } from "../registry/registry-client.ts";

const DEEPEST = 4;
const MOST = 200;

/** What a registry or a store says refers to a digest. */
export type ReferrersOf = (subject: Digest) => Promise<readonly Referrer[]>;

/** What the registry lists, then what is there under tags that are made of the subject's digest. */
export function referrersIn(client: RegistryClient, repository: ImageReference): ReferrersOf {
  return async (subject) => {
    const listed = await client.referrers(repository, subject);
    const attached = await client.attached(repository, subject);
    return [...listed.map((descriptor) => ({ descriptor })), ...attached];
  };
}

/** Each once for each of its subjects, after its subject. Throws "exhausted" when there is no end. */
export async function* walkReferrers(
  subjects: Iterable<Digest>,
  referrersOf: ReferrersOf,
): AsyncGenerator<StoredReferrer, void> {
  const seen = new Set(subjects);
  const waiting = [...seen].map((subject) => ({ subject, depth: 1 }));
  let count = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { subject, depth } = next;
    for (const referrer of await referrersOf(subject)) {
      const { descriptor } = referrer;
      count += 1;
      checkBounds(subject, { depth, count });
      yield { subject, ...referrer };
      if (!seen.has(descriptor.digest)) {
        seen.add(descriptor.digest);
        waiting.push({ subject: descriptor.digest, depth: depth + 1 });
      }
    }
  }
}

function checkBounds(
  subject: Digest,
  { depth, count }: { readonly depth: number; readonly count: number },
): void {
  if (depth > DEEPEST || count > MOST) {
    throw new OcicatError("exhausted", {
      operation: "follow",
      subject: `the referrers of ${subject}`,
      reason:
        depth > DEEPEST
          ? `they refer to each other more than ${DEEPEST} deep`
          : `there are more than ${MOST}`,
    });
  }
}
