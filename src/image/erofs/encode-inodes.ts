// Writes placed inodes, directories and links into memory: see format.ts and place-inodes.ts.

import {
  BLOCK_BITS,
  BLOCK_BYTES,
  CHUNK_HOLE,
  CHUNK_INDEX_BYTES,
  CHUNK_INDEXES,
  DIRENT_BYTES,
  INODE_BYTES,
  INODE_SLOT_BYTES,
  LAYOUT_CHUNKS,
  LAYOUT_INLINE,
  LAYOUT_PLAIN,
  TYPE_BLOCK_DEVICE,
  TYPE_CHARACTER_DEVICE,
  TYPE_DIRECTORY,
  TYPE_FIFO,
  TYPE_FILE,
  TYPE_SYMLINK,
} from "./format.ts";
import type { DirectoryListing } from "./number-inodes.ts";
import { coreBytes, listingBytes, type PlacedChunks, type PlacedInodes } from "./place-inodes.ts";
import { visitChunks } from "./sparse-chunks.ts";
import type { DirectoryNode, FileNode, InodeNode, LinkableNode } from "./tree-node.ts";

/** Where the archive of a layer is. */
export interface DataPlace {
  /** 0: in the image's own file; else the number of the device, from 1. */
  readonly device: number;
  /** Of the archive's first byte, in the address space that all devices share. */
  readonly firstBlock: number;
  /** The same on its own device. */
  readonly deviceBlock: number;
}

export interface EncodePlaces {
  /** In blocks of the image's own file, where the metadata begin. */
  readonly metadataBlock: number;
  /** By layer. */
  readonly data: readonly DataPlace[];
}

const LOW = 0x1_0000_0000;
/** By the four upper bits of a mode (inode(7)); 0 is none. */
const TYPES = [
  0,
  TYPE_FIFO,
  TYPE_CHARACTER_DEVICE,
  0,
  TYPE_DIRECTORY,
  0,
  TYPE_BLOCK_DEVICE,
  0,
  TYPE_FILE,
  0,
  TYPE_SYMLINK,
];

/** Inodes and whole blocks, without what is copied. */
export function encodeInodes(placed: PlacedInodes, places: EncodePlaces): Buffer {
  return new InodeEncoder(placed, places).encode();
}

class InodeEncoder {
  readonly #placed: PlacedInodes;
  readonly #places: EncodePlaces;
  readonly #content: Buffer;
  /** The same memory. Both architectures that we know are little-endian, as EROFS is. */
  readonly #words: Uint32Array;

  constructor(placed: PlacedInodes, places: EncodePlaces) {
    const memory = new ArrayBuffer(placed.inodeBytes + placed.blockBytes);
    this.#placed = placed;
    this.#places = places;
    this.#content = Buffer.from(memory);
    this.#words = new Uint32Array(memory);
  }

  encode(): Buffer {
    let directories = 0;
    for (const node of this.#placed.nodes) {
      switch (node.kind) {
        case "directory": {
          const listing = this.#placed.listings[directories];
          directories += 1;
          if (listing !== undefined) {
            this.#directory(node, listing);
          }
          break;
        }
        case "symlink":
          this.#inode(node, this.#contentLayout(node), node.target.length, this.#firstBlock(node));
          this.#text(node, node.target);
          break;
        case "special":
          this.#inode(node, LAYOUT_PLAIN, 0, node.device);
          break;
        case "file":
          this.#file(node);
          break;
      }
    }
    return this.#content;
  }

  /** `union` is what the inode's fifth word says. */
  #inode(node: InodeNode, layout: number, size: number, union: number): void {
    const { attributes, number } = node;
    const { seconds, xattrs } = attributes;
    const place = this.#placed.places[number] ?? 0;
    const words = this.#words;
    const at = place / 4;
    const xattrCount = xattrs === undefined ? 0 : (xattrs.length - 12) / 4 + 1;
    words[at] = 1 | (layout << 1) | (xattrCount << 16);
    words[at + 1] = attributes.mode;
    words[at + 2] = size % LOW;
    words[at + 3] = Math.floor(size / LOW);
    words[at + 4] = union;
    words[at + 5] = number + 1;
    words[at + 6] = attributes.uid;
    words[at + 7] = attributes.gid;
    words[at + 8] = seconds % LOW;
    words[at + 9] = Math.floor(seconds / LOW);
    words[at + 10] = attributes.nanoseconds;
    words[at + 11] = this.#placed.links[number] ?? 0;
    if (xattrs !== undefined) {
      this.#content.set(xattrs, place + INODE_BYTES);
    }
  }

  #contentLayout({ number }: InodeNode): number {
    return (this.#placed.inlineBytes[number] ?? 0) > 0 ? LAYOUT_INLINE : LAYOUT_PLAIN;
  }

  /** Of a directory or link, in the image. */
  #firstBlock({ number }: InodeNode): number {
    const { inodeBytes, firstBlocks } = this.#placed;
    const before = this.#places.metadataBlock + inodeBytes / BLOCK_BYTES;
    return before + (firstBlocks[number] ?? 0);
  }

  /** Where the whole blocks of a directory or link begin in memory. */
  #blocksStart({ number }: InodeNode): number {
    return this.#placed.inodeBytes + (this.#placed.firstBlocks[number] ?? 0) * BLOCK_BYTES;
  }

  #inlineStart(node: InodeNode): number {
    return (this.#placed.places[node.number] ?? 0) + coreBytes(node);
  }

  #text(node: LinkableNode, text: string): void {
    const inline = this.#placed.inlineBytes[node.number] ?? 0;
    const whole = text.length - inline;
    this.#content.write(text.slice(0, whole), this.#blocksStart(node), "latin1");
    this.#content.write(text.slice(whole), this.#inlineStart(node), "latin1");
  }

  #directory(node: DirectoryNode, listing: DirectoryListing): void {
    this.#inode(node, this.#contentLayout(node), listingBytes(listing), this.#firstBlock(node));
    const blocks = listing.cuts.length - 1;
    const isInline = (this.#placed.inlineBytes[node.number] ?? 0) > 0;
    for (let block = 0; block < blocks; block += 1) {
      const start =
        isInline && block === blocks - 1
          ? this.#inlineStart(node)
          : this.#blocksStart(node) + block * BLOCK_BYTES;
      this.#entries(listing, block, start);
    }
  }

  /** One block of a directory, at `start`. */
  #entries({ names, numbers, cuts }: DirectoryListing, block: number, start: number): void {
    const words = this.#words;
    const { nodes, places } = this.#placed;
    const from = cuts[block] ?? 0;
    const to = cuts[block + 1] ?? 0;
    const namesAt = (to - from) * DIRENT_BYTES;
    let nameAt = namesAt;
    let word = start / 4;
    for (let index = from; index < to; index += 1) {
      const number = numbers[index] ?? 0;
      const mode = nodes[number]?.attributes.mode ?? 0;
      words[word] = (places[number] ?? 0) / INODE_SLOT_BYTES;
      words[word + 2] = nameAt | ((TYPES[mode >> 12] ?? 0) << 16);
      nameAt += names[index]?.length ?? 0;
      word += DIRENT_BYTES / 4;
    }
    this.#content.write(names.slice(from, to).join(""), start + namesAt, "latin1");
  }

  #file(node: FileNode): void {
    const chunks = node.segments === undefined ? undefined : this.#placed.chunks.get(node);
    if (chunks === undefined) {
      const first = (this.#places.data[node.layer]?.firstBlock ?? 0) + node.offset / BLOCK_BYTES;
      this.#inode(node, LAYOUT_PLAIN, node.size, node.size === 0 ? 0 : first);
      return;
    }
    const format = CHUNK_INDEXES | (chunks.chunkBits - BLOCK_BITS);
    this.#inode(node, LAYOUT_CHUNKS, node.size, format);
    this.#chunkIndex(node, chunks);
  }

  #chunkIndex(node: FileNode, chunks: PlacedChunks): void {
    const { size, offset, segments = [], layer } = node;
    const place = this.#placed.places[node.number] ?? 0;
    const start =
      Math.ceil((place + coreBytes(node)) / CHUNK_INDEX_BYTES) * (CHUNK_INDEX_BYTES / 4);
    for (let chunk = 0; chunk < chunks.count; chunk += 1) {
      this.#words[start + chunk * 2] = 0xffff;
      this.#words[start + chunk * 2 + 1] = CHUNK_HOLE;
    }
    const data = this.#places.data[layer];
    const { metadataBlock } = this.#places;
    const { inodeBytes, blockBytes } = this.#placed;
    const copies = (inodeBytes + blockBytes + chunks.copyOffset) / BLOCK_BYTES + metadataBlock;
    let copied = 0;
    visitChunks({ size, offset, segments }, chunks, (chunk, stored) => {
      const isCopied = stored === undefined;
      const block = isCopied
        ? copies + copied * 2 ** (chunks.chunkBits - BLOCK_BITS)
        : (data?.deviceBlock ?? 0) + stored / BLOCK_BYTES;
      copied += isCopied ? 1 : 0;
      this.#words[start + chunk * 2] = isCopied ? 0 : (data?.device ?? 0) << 16;
      this.#words[start + chunk * 2 + 1] = block;
    });
  }
}
