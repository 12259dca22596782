// Names of files in the store's folder layers/:
//
//   sha256-DIFFHEX.erofs              a layer file, by its DiffID
//   sha256-CHAINHEX.merged.erofs      the merged image of a stack of layer files, by its ChainID
//   sha256-CHAINHEX-MIX.merged.erofs  the same where uncompressed blobs are among its devices: their data
//                                     begins elsewhere. MIX says which they are
//
// Folders of unpacked layers: src/image/record.ts.

import { type Digest, hexOf } from "../../oci/digest.ts";

const MIX_DIGITS = 16;

export function layerFileName(diffId: Digest): string {
  return `${fileNameOf(diffId)}.erofs`;
}

/** `areBlobs`: for each layer whether its device is an uncompressed blob. */
export function mergedImageName(chainId: Digest, areBlobs: readonly boolean[]): string {
  const mix = areBlobs.includes(true) ? `-${mixOf(areBlobs)}` : "";
  return `${fileNameOf(chainId)}${mix}.merged.erofs`;
}

function mixOf(areBlobs: readonly boolean[]): string {
  const digits = areBlobs.map((isBlob) => (isBlob ? "1" : "0")).join("");
  return new Bun.CryptoHasher("sha256").update(digits).digest("hex").slice(0, MIX_DIGITS);
}

/** sha512 keeps its own name. */
function fileNameOf(digest: Digest): string {
  return `${digest.slice(0, digest.indexOf(":"))}-${hexOf(digest)}`;
}
