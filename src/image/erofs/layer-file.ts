// A layer file holds one layer, whole and ready to mount:
//
//     0  our header, 1024 bytes: below
//  1024  EROFS superblock (format.ts)
//  4096  the layer's archive, byte for byte as its DiffID says, padded to 4096 bytes
//        EROFS metadata, padded to 4096 bytes: its files' content is the archive's
//
// Our header, little-endian:
//
//     0 magic [16]              24 place of the archive (u64)     64 SHA-256 of the metadata [32]
//    16 version (u32), 1        32 bytes of the archive (u64)     96 DiffID, text padded with NULs [160]
//    20 flags (u32): 1 can be   40 place of the metadata (u64)   992 SHA-256 of bytes 0 to 991 [32]
//       mounted                 48 bytes of it (u64)
//                               56 bytes of it that have the SHA-256 (u64): all but the copies of chunks,
//                                  which the archive has, too (sparse-chunks.ts)
//
// The first 4096 bytes are written last: without them the file is nothing. A layer that cannot stand alone
// (it links to a file of the layers below) has neither superblock nor metadata: merged-image.ts can use it.

import { OcicatError } from "../../error/ocicat-error.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { bytes } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";

export const LAYER_HEAD_BYTES = 4096;
export const LAYER_HEADER_BYTES = 1024;

const MAGIC = "ocicat layer\0\0\0\0";
const VERSION = 1;
const FLAG_MOUNTABLE = 1;
const DIFF_ID = { start: 96, end: 256 } as const;
const CHECK_START = 992;

export interface LayerFileHeader {
  /** Where the archive begins in the file. */
  readonly tarOffset: number;
  readonly tarBytes: number;
  readonly diffId: Digest;
  /** See LayerFileSummary. */
  readonly mountable: boolean;
  /** What is behind the archive; both 0 in a file that is not mountable. */
  readonly metadataOffset: number;
  readonly metadataBytes: number;
  readonly metadataSha256: Uint8Array;
  /** The first bytes of the metadata, of which it is. */
  readonly metadataHashedBytes: number;
}

export function encodeLayerHeader(header: LayerFileHeader): Uint8Array {
  const content = Buffer.from(new ArrayBuffer(LAYER_HEADER_BYTES));
  content.write(MAGIC, 0, "latin1");
  content.writeUInt32LE(VERSION, 16);
  content.writeUInt32LE(header.mountable ? FLAG_MOUNTABLE : 0, 20);
  content.writeBigUInt64LE(BigInt(header.tarOffset), 24);
  content.writeBigUInt64LE(BigInt(header.tarBytes), 32);
  content.writeBigUInt64LE(BigInt(header.metadataOffset), 40);
  content.writeBigUInt64LE(BigInt(header.metadataBytes), 48);
  content.writeBigUInt64LE(BigInt(header.metadataHashedBytes), 56);
  content.set(header.metadataSha256.subarray(0, 32), 64);
  content.write(header.diffId, DIFF_ID.start, DIFF_ID.end - DIFF_ID.start, "latin1");
  content.set(sha256(content.subarray(0, CHECK_START)), CHECK_START);
  return content;
}

/** Throws unless the file is a layer file that was finished. */
export function readLayerFileHeader(fd: number): LayerFileHeader {
  const content = Buffer.from(bytes(LAYER_HEADER_BYTES).buffer);
  readAt(fd, content, 0, "a layer file");
  if (content.toString("latin1", 0, MAGIC.length) !== MAGIC) {
    throw faulty("it is not a layer file, or was never finished");
  }
  if (!sha256(content.subarray(0, CHECK_START)).equals(content.subarray(CHECK_START))) {
    throw faulty("its header is damaged");
  }
  const version = content.readUInt32LE(16);
  if (version !== VERSION) {
    throw faulty(`it has version ${version}, this program knows ${VERSION}`);
  }
  const diffId = content.toString("latin1", DIFF_ID.start, DIFF_ID.end).replace(/\0.*$/s, "");
  return {
    tarOffset: Number(content.readBigUInt64LE(24)),
    tarBytes: Number(content.readBigUInt64LE(32)),
    diffId: parseDigest(diffId),
    mountable: (content.readUInt32LE(20) & FLAG_MOUNTABLE) !== 0,
    metadataOffset: Number(content.readBigUInt64LE(40)),
    metadataBytes: Number(content.readBigUInt64LE(48)),
    metadataHashedBytes: Number(content.readBigUInt64LE(56)),
    metadataSha256: Uint8Array.from(content.subarray(64, 96)),
  };
}

function sha256(content: Uint8Array): Buffer {
  return new Bun.CryptoHasher("sha256").update(content).digest();
}

function faulty(reason: string): OcicatError {
  return new OcicatError("invalid-config", { operation: "read", subject: "a layer file", reason });
}
