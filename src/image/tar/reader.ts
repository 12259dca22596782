// Reads a tar archive that arrives in chunks of any size, with bounded memory: it keeps one block, the
// extension headers of the coming entry, and no file data.
//
// At any time the reader is inside one PART of the archive, a run of bytes of known length: a block,
// the content of an extension, file data, padding. A complete part decides which one comes next. Who can
// seek need not read the parts that nobody wants.

import { composeEntry, type Extensions, longText } from "./compose.ts";
import {
  DEFAULT_TAR_LIMITS,
  type SparseSegment,
  type TarEntry,
  type TarHandler,
  type TarLimits,
} from "./entry.ts";
import { BLOCK_BYTES, HeaderBlock, parseHeader, type TarHeader } from "./header.ts";
import { type PaxRecord, parsePaxRecords } from "./pax.ts";
import { SegmentFeed } from "./segments.ts";
import {
  parseGnuSparseExtension,
  parseGnuSparseHeader,
  SparseMapReader,
  verifySegments,
} from "./sparse.ts";
import { malformed, overLimit } from "./tar-error.ts";

interface Part {
  /** For the error of an archive that ends inside it. */
  readonly what: string;
  /** Undefined: nobody wants these bytes. */
  readonly take: ((input: Buffer, start: number, end: number) => void) | undefined;
  readonly complete: () => void;
}

const NO_EXTENSIONS: Extensions = {
  global: [],
  own: [],
  longName: undefined,
  longLink: undefined,
};

export class TarReader {
  readonly #handler: TarHandler;
  readonly #limits: TarLimits;
  readonly #block = new HeaderBlock();
  #blockFill = 0;
  #position = 0;
  #headerCount = 0;
  #zeroBlocks = 0;
  /** Those before the coming entry, and those that apply where it has none of its own. */
  #extensions = NO_EXTENSIONS;
  #between = NO_EXTENSIONS;
  #part: Part;
  #remaining = 0;
  readonly #headerPart: Part;
  readonly #paddingPart: Part = {
    what: "padding",
    take: undefined,
    complete: () => this.#enter(this.#headerPart, BLOCK_BYTES),
  };

  /** Of the file whose data comes now. */
  #storedBytes = 0;
  readonly #unwantedPart: Part = {
    what: "the data of a file",
    take: undefined,
    complete: () => {
      this.#handler.end();
      this.#passPadding(this.#storedBytes);
    },
  };

  constructor(handler: TarHandler, limits: TarLimits = DEFAULT_TAR_LIMITS) {
    this.#handler = handler;
    this.#limits = limits;
    this.#headerPart = this.#blockPart("a header", () => this.#header());
    this.#part = this.#headerPart;
    this.#remaining = BLOCK_BYTES;
  }

  push(chunk: Uint8Array): void {
    const input = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#position + input.length > this.#limits.totalBytes) {
      throw overLimit(this.#position, "the archive", this.#limits.totalBytes);
    }
    for (let start = 0; start < input.length; ) {
      const count = Math.min(this.#remaining, input.length - start);
      this.#part.take?.(input, start, start + count);
      start += count;
      this.#advance(count);
    }
  }

  /** How many of the coming bytes need not be pushed: skip() may take their place. */
  get skippable(): number {
    return this.#part.take === undefined ? this.#remaining : 0;
  }

  /** Passes over up to `skippable` bytes. */
  skip(count: number): void {
    if (this.#position + count > this.#limits.totalBytes) {
      throw overLimit(this.#position, "the archive", this.#limits.totalBytes);
    }
    this.#advance(count);
  }

  /** Headers so far, those of extensions too. */
  get headerCount(): number {
    return this.#headerCount;
  }

  #advance(count: number): void {
    this.#remaining -= count;
    this.#position += count;
    while (this.#remaining === 0) {
      this.#part.complete();
    }
  }

  /**
   * The input has ended: throws unless an archive may end here. That is also so behind the data of a
   * file: umoci does not pad the last one, and nobody minds.
   */
  finish(): void {
    const { own, longName, longLink } = this.#extensions;
    const entryDue = own.length > 0 || longName !== undefined || longLink !== undefined;
    const isBehindEntry =
      this.#part === this.#paddingPart ||
      (this.#part === this.#headerPart && this.#blockFill === 0);
    if (this.#zeroBlocks < 2 && (entryDue || !isBehindEntry)) {
      throw malformed(this.#position, `the archive ends inside ${this.#part.what}`);
    }
  }

  #enter(part: Part, bytes: number): void {
    this.#part = part;
    this.#remaining = bytes;
  }

  #blockPart(what: string, complete: () => void): Part {
    const take = (input: Buffer, start: number, end: number): void => {
      input.copy(this.#block.bytes, this.#blockFill, start, end);
      this.#blockFill += end - start;
    };
    const whole = (): void => {
      this.#blockFill = 0;
      complete();
    };
    return { what, take, complete: whole };
  }

  #enterBlock(what: string, complete: () => void): void {
    this.#enter(this.#blockPart(what, complete), BLOCK_BYTES);
  }

  #pass(bytes: number, what: string, complete: () => void): void {
    this.#enter({ what, take: undefined, complete }, bytes);
  }

  /** Passes over the rest of the block in which `storedBytes` end, to the next header. */
  #passPadding(storedBytes: number): void {
    this.#enter(this.#paddingPart, (BLOCK_BYTES - (storedBytes % BLOCK_BYTES)) % BLOCK_BYTES);
  }

  #header(): void {
    const offset = this.#position - BLOCK_BYTES;
    if (this.#block.isZero) {
      this.#endMark();
      return;
    }
    if (this.#zeroBlocks > 0) {
      throw malformed(offset, "a single zero block stands between entries");
    }
    this.#headerCount += 1;
    if (this.#headerCount > this.#limits.entries) {
      throw overLimit(offset, "the number of entries", this.#limits.entries);
    }
    const header = parseHeader(this.#block, offset);
    switch (header.type) {
      case "x":
      case "X": // Solaris
        this.#collect(header, (content, at) => this.#setOwn(parsePaxRecords(content, at)));
        break;
      case "g":
        this.#collect(header, (content, at) => this.#addGlobal(parsePaxRecords(content, at)));
        break;
      case "L":
        this.#collect(header, (content) => this.#extend({ longName: longText(content) }));
        break;
      case "K":
        this.#collect(header, (content) => this.#extend({ longLink: longText(content) }));
        break;
      case "V": // the volume's label
        this.#pass(header.size, "a volume label", () => this.#passPadding(header.size));
        break;
      default:
        this.#entry(header, offset);
    }
  }

  /** Two zero blocks end the archive; whatever follows is not part of it. */
  #endMark(): void {
    this.#zeroBlocks += 1;
    if (this.#zeroBlocks === 2) {
      this.#pass(Number.POSITIVE_INFINITY, "nothing", () => undefined);
    } else {
      this.#enter(this.#headerPart, BLOCK_BYTES);
    }
  }

  #collect(header: TarHeader, use: (content: Buffer, offset: number) => void): void {
    const start = this.#position;
    if (header.size < 0 || header.size > this.#limits.extensionBytes) {
      throw overLimit(start, "an extension header", this.#limits.extensionBytes);
    }
    const content = Buffer.alloc(header.size);
    let filled = 0;
    const part: Part = {
      what: "an extension header",
      take: (input, from, to) => {
        filled += input.copy(content, filled, from, to);
      },
      complete: () => {
        use(content, start);
        this.#passPadding(header.size);
      },
    };
    this.#enter(part, header.size);
  }

  #extend(change: Partial<Extensions>): void {
    this.#extensions = { ...this.#extensions, ...change };
  }

  #setOwn(own: readonly PaxRecord[]): void {
    this.#extend({ own });
  }

  #addGlobal(records: readonly PaxRecord[]): void {
    const byKeyword = new Map<string, PaxRecord>();
    let bytes = 0;
    for (const record of [...this.#extensions.global, ...records]) {
      byKeyword.set(record.keyword, record);
    }
    for (const { keyword, value } of byKeyword.values()) {
      bytes += keyword.length + value.length;
    }
    if (bytes > this.#limits.extensionBytes) {
      throw overLimit(this.#position, "all global headers", this.#limits.extensionBytes);
    }
    this.#extend({ global: [...byKeyword.values()] });
  }

  #entry(header: TarHeader, offset: number): void {
    const composed = composeEntry(header, this.#extensions, this.#limits, offset);
    if (this.#extensions !== this.#between) {
      this.#between = { ...NO_EXTENSIONS, global: this.#extensions.global };
      this.#extensions = this.#between;
    }
    const { entry, storedBytes, sparse } = composed;
    if (header.type === "S") {
      const { segments, more, realSize } = parseGnuSparseHeader(this.#block.bytes, offset);
      const sparseEntry: TarEntry = { ...entry, size: realSize, sparse: true };
      this.#gnuSparseBlocks(sparseEntry, storedBytes, { segments, more });
    } else if (sparse?.kind === "in-data") {
      this.#sparseMap(entry, storedBytes, new SparseMapReader(this.#limits));
    } else if (sparse?.kind === "segments") {
      this.#sparseData(entry, storedBytes, sparse.segments);
    } else if (entry.kind === "file") {
      this.#data(entry, storedBytes, undefined);
    } else {
      this.#handler.begin(entry, { offset: this.#position, segments: undefined });
      this.#handler.end();
      this.#pass(storedBytes, "the data of an entry", () => this.#passPadding(storedBytes));
    }
  }

  #gnuSparseBlocks(
    entry: TarEntry,
    storedBytes: number,
    found: { readonly segments: readonly SparseSegment[]; readonly more: boolean },
  ): void {
    if (!found.more) {
      this.#sparseData(entry, storedBytes, found.segments);
      return;
    }
    const segments = [...found.segments];
    const readBlock = (): void => {
      const block = parseGnuSparseExtension(this.#block.bytes, this.#position - BLOCK_BYTES);
      segments.push(...block.segments);
      if (segments.length > this.#limits.sparseSegments) {
        throw overLimit(entry.offset, "the number of segments", this.#limits.sparseSegments);
      }
      if (block.more) {
        this.#enterBlock("a sparse map", readBlock);
      } else {
        this.#sparseData(entry, storedBytes, segments);
      }
    };
    this.#enterBlock("a sparse map", readBlock);
  }

  #sparseMap(entry: TarEntry, storedBytes: number, map: SparseMapReader): void {
    if (storedBytes < BLOCK_BYTES) {
      throw malformed(entry.offset, "a sparse file is too small for its map");
    }
    const readBlock = (): void => {
      const rest = storedBytes - BLOCK_BYTES;
      const segments = map.push(this.#block.bytes, this.#position - BLOCK_BYTES);
      if (segments === undefined) {
        this.#sparseMap(entry, rest, map);
      } else {
        this.#sparseData(entry, rest, segments);
      }
    };
    this.#enterBlock("a sparse map", readBlock);
  }

  #sparseData(entry: TarEntry, storedBytes: number, segments: readonly SparseSegment[]): void {
    verifySegments(segments, entry.size, storedBytes, entry.offset);
    this.#data(entry, storedBytes, segments);
  }

  #data(
    entry: TarEntry,
    storedBytes: number,
    segments: readonly SparseSegment[] | undefined,
  ): void {
    const handler = this.#handler;
    handler.begin(entry, { offset: this.#position, segments });
    this.#storedBytes = storedBytes;
    if (handler.data === undefined) {
      this.#enter(this.#unwantedPart, storedBytes);
      return;
    }
    const feed = new SegmentFeed(handler, segments ?? [{ offset: 0, length: storedBytes }]);
    const take: Part["take"] = (input, start, end) => feed.push(input.subarray(start, end));
    this.#enter({ ...this.#unwantedPart, take }, storedBytes);
  }
}
