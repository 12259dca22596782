// Writes a layer file (layer-file.ts) in one pass: the archive as it comes, what it says into a tree, the
// metadata behind the archive, the head last.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import { call, checked } from "../../sys/call.ts";
import { writeAllAt } from "../../sys/positioned.ts";
import { WriteBack } from "../../sys/write-back.ts";
import type { StoredData, TarEntry, TarHandler } from "../tar/entry.ts";
import { TarReader } from "../tar/reader.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../unpack/limits.ts";
import { BLOCK_BYTES, SUPERBLOCK_OFFSET } from "./format.ts";
import { ImageTree } from "./image-tree.ts";
import { encodeLayerHeader, LAYER_HEAD_BYTES, LAYER_HEADER_BYTES } from "./layer-file.ts";
import { numberInodes } from "./number-inodes.ts";
import { type PlacedInodes, placeInodes } from "./place-inodes.ts";
import { encodeSuperblock } from "./superblock.ts";
import { uuidOf } from "./uuid.ts";
import { roundToUnit, type WrittenMetadata, writeMetadata } from "./write-metadata.ts";

const SUBJECT = "a layer file";
const NO_SHA256 = new Uint8Array(32);

export interface LayerFileSummary {
  readonly tarBytes: number;
  /** Headers in the archive. */
  readonly entries: number;
  /** The layer can stand alone: mount the file. If not, only a merged image can use it. */
  readonly mountable: boolean;
  /** Why it cannot stand alone: what unpacking it alone would say. */
  readonly fault: OcicatError | undefined;
  /** What could not be kept. */
  readonly notes: readonly string[];
}

export class LayerFileWriter {
  readonly #fd: number;
  readonly #tree: LoneLayer;
  readonly #reader: TarReader;
  readonly #writeBack: WriteBack;
  #tarBytes = 0;

  /** `fd`: an empty file, open for reading and writing. It stays the caller's. */
  constructor(fd: number, limits: UnpackLimits = DEFAULT_UNPACK_LIMITS) {
    this.#fd = fd;
    this.#writeBack = new WriteBack(fd);
    this.#tree = new LoneLayer(limits);
    this.#reader = new TarReader(this.#tree, limits);
  }

  /** The next bytes of the uncompressed archive. `chunk` is only used during the call. */
  push(chunk: Uint8Array): void {
    writeAllAt(this.#fd, chunk, LAYER_HEAD_BYTES + this.#tarBytes, SUBJECT);
    this.take(chunk);
  }

  /** As push, of bytes that somebody else has written to their place, behind LAYER_HEAD_BYTES. */
  take(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    this.#tarBytes += chunk.length;
    this.#writeBack.upTo(LAYER_HEAD_BYTES + this.#tarBytes);
  }

  /** Writes the metadata, the head last. Whoever renames the file forces it to the disk before. */
  finish(diffId: Digest): LayerFileSummary {
    this.#reader.finish();
    this.#writeBack.allUpTo(LAYER_HEAD_BYTES + this.#tarBytes);
    const planned = this.#tree.plan();
    const metadataOffset = roundToUnit(LAYER_HEAD_BYTES + this.#tarBytes);
    checked(call("ftruncate", this.#fd, metadataOffset), "set the size of", SUBJECT);
    const written = planned && this.#writeMetadata(planned, metadataOffset);
    this.#writeHead(diffId, metadataOffset, written);
    return {
      tarBytes: this.#tarBytes,
      entries: this.#reader.headerCount,
      mountable: written !== undefined,
      fault: this.#tree.fault,
      notes: this.#tree.notes,
    };
  }

  #writeMetadata(planned: PlacedInodes, offset: number): WrittenMetadata {
    const block = LAYER_HEAD_BYTES / BLOCK_BYTES;
    const place = { device: 0, firstBlock: block, deviceBlock: block };
    const archive = { ...place, fd: this.#fd, tarOffset: LAYER_HEAD_BYTES };
    return writeMetadata(this.#fd, planned, { offset, archives: [archive] });
  }

  #writeHead(diffId: Digest, metadataOffset: number, written: WrittenMetadata | undefined): void {
    const header = encodeLayerHeader({
      tarOffset: LAYER_HEAD_BYTES,
      tarBytes: this.#tarBytes,
      diffId,
      mountable: written !== undefined,
      metadataOffset: written === undefined ? 0 : metadataOffset,
      metadataBytes: written?.bytes ?? 0,
      metadataSha256: written?.sha256 ?? NO_SHA256,
      metadataHashedBytes: written?.hashedBytes ?? 0,
    });
    const head = Buffer.from(new ArrayBuffer(LAYER_HEAD_BYTES));
    head.set(header.subarray(0, LAYER_HEADER_BYTES), 0);
    if (written !== undefined) {
      const superblock = { ...written.superblock, uuid: uuidOf(diffId), devices: [] };
      head.set(encodeSuperblock(superblock), SUPERBLOCK_OFFSET);
    }
    writeAllAt(this.#fd, head, 0, SUBJECT);
  }
}

/**
 * The tree of a layer as if there were none below. It gives up at the first entry that makes no sense
 * without them; the archive's own faults still show.
 */
class LoneLayer implements TarHandler {
  readonly #tree: ImageTree;
  #fault: OcicatError | undefined;

  constructor(limits: UnpackLimits) {
    this.#tree = new ImageTree(limits);
  }

  get fault(): OcicatError | undefined {
    return this.#fault;
  }

  get notes(): readonly string[] {
    return this.#tree.notes;
  }

  begin(entry: TarEntry, stored: StoredData): void {
    if (this.#fault === undefined) {
      this.#try(() => this.#tree.begin(entry, stored));
    }
  }

  end(): void {
    // Content stays where it is.
  }

  /** Undefined: there is a fault. */
  plan(): PlacedInodes | undefined {
    return this.#fault === undefined
      ? this.#try(() => placeInodes(numberInodes(this.#tree.root)))
      : undefined;
  }

  #try<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      this.#fault = error;
      return undefined;
    }
  }
}
