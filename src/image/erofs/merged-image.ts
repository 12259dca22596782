// One EROFS metadata image over the archives of all layers of an image: the tree that unpacking them one
// on top of the other would leave. Its files' content stays where it is, in layer files or in the blobs of
// uncompressed layers, which are the image's devices.
//
//   [superblock, device table][metadata][padding to 4096]

import { OcicatError } from "../../error/ocicat-error.ts";
import { type Digest, hexOf } from "../../oci/digest.ts";
import { writeAllAt } from "../../sys/positioned.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../unpack/limits.ts";
import { BLOCK_BYTES, headBytes, MOST_DEVICES, SUPERBLOCK_OFFSET } from "./format.ts";
import { ImageTree } from "./image-tree.ts";
import { numberInodes } from "./number-inodes.ts";
import { placeInodes } from "./place-inodes.ts";
import { scanArchive } from "./scan-archive.ts";
import { type Device, encodeSuperblock } from "./superblock.ts";
import { uuidOf } from "./uuid.ts";
import {
  type ArchivePlace,
  checkBlocks,
  metadataBytes,
  roundToUnit,
  writeMetadata,
} from "./write-metadata.ts";

/** A layer file, or the blob of an uncompressed layer (`tarOffset` 0). */
export interface MergedLayer {
  readonly fd: number;
  readonly tarOffset: number;
  readonly tarBytes: number;
  readonly diffId: Digest;
}

export interface MergedImageOptions {
  /** Of the topmost layer: the image's UUID follows from it. */
  readonly chainId: Digest;
  readonly limits?: UnpackLimits;
}

export interface MergedImageSummary {
  readonly inodes: number;
  /** What could not be kept, by layer, lowest first. */
  readonly notes: readonly (readonly string[])[];
}

const SUBJECT = "a merged image";
/** Devices follow the image's own blocks in the common address space, mostly here. */
const FIRST_DEVICE_BLOCK = 0x10_0000;

/**
 * `fd`: an empty file, open for reading and writing. `layers`: lowest first; they are the image's
 * devices, in this order. Reads the headers of the archives only. Whoever renames the file forces it to
 * the disk before.
 */
export function writeMergedImage(
  fd: number,
  layers: readonly MergedLayer[],
  options: MergedImageOptions,
): MergedImageSummary {
  if (layers.length > MOST_DEVICES) {
    throw new OcicatError("exhausted", {
      operation: "make",
      subject: SUBJECT,
      reason: `${layers.length} layers are more than the ${MOST_DEVICES} that EROFS can have`,
    });
  }
  const { root, notes } = mergedTree(layers, options.limits ?? DEFAULT_UNPACK_LIMITS);
  const placed = placeInodes(numberInodes(root));
  const offset = headBytes(layers.length);
  const ownBlocks = roundToUnit(offset + metadataBytes(placed)) / BLOCK_BYTES;
  const devices = placeDevices(layers, Math.max(FIRST_DEVICE_BLOCK, ownBlocks));
  const archives = layers.map((layer, index) => archivePlace(layer, devices[index], index));
  const { superblock } = writeMetadata(fd, placed, { offset, archives });
  const head = encodeSuperblock({ ...superblock, uuid: uuidOf(options.chainId), devices });
  writeAllAt(fd, head, SUPERBLOCK_OFFSET, SUBJECT);
  return { inodes: superblock.inodes, notes };
}

function mergedTree(layers: readonly MergedLayer[], limits: UnpackLimits) {
  const tree = new ImageTree(limits);
  const notes: string[][] = [];
  for (const [index, layer] of layers.entries()) {
    if (index > 0) {
      tree.nextLayer();
    }
    scanArchive(layer, tree, limits);
    notes.push(tree.notes);
  }
  return { root: tree.root, notes };
}

function placeDevices(layers: readonly MergedLayer[], first: number): Device[] {
  let firstBlock = first;
  return layers.map(({ tarOffset, tarBytes, diffId }) => {
    const blocks = Math.ceil((tarOffset + tarBytes) / BLOCK_BYTES);
    const device = { tag: hexOf(diffId), blocks, firstBlock };
    firstBlock += blocks;
    checkBlocks(firstBlock);
    return device;
  });
}

function archivePlace(
  { fd, tarOffset }: MergedLayer,
  device: Device | undefined,
  index: number,
): ArchivePlace {
  const deviceBlock = tarOffset / BLOCK_BYTES;
  const firstBlock = (device?.firstBlock ?? 0) + deviceBlock;
  return { fd, tarOffset, device: index + 1, firstBlock, deviceBlock };
}
