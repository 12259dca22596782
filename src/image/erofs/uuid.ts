// The UUID of an image. overlayfs tells its lower layers apart by it.

import { type Digest, hexOf } from "../../oci/digest.ts";

/** The first 16 bytes of the digest's value. */
export function uuidOf(digest: Digest): Uint8Array {
  return Uint8Array.fromHex(hexOf(digest).slice(0, 32));
}
