// Names of stacks of layers: image-spec config.md, "Layer ChainID".

import type { Digest } from "../../oci/digest.ts";

/** For each layer the ChainID of the stack that it is the top of, the base layer first. */
export function chainIds(diffIds: readonly Digest[]): readonly Digest[] {
  const ids: Digest[] = [];
  for (const diffId of diffIds) {
    const below = ids.at(-1);
    ids.push(below === undefined ? diffId : chainId(below, diffId));
  }
  return ids;
}

function chainId(below: Digest, diffId: Digest): Digest {
  const hasher = new Bun.CryptoHasher("sha256");
  return `sha256:${hasher.update(`${below} ${diffId}`).digest("hex")}`;
}
