// What a tar archive says, after all of its dialects have been read: the entries that TarReader hands
// out, and the limits that it keeps to.
//
// Names are BYTE STRINGS here: one character (0 to 255) per byte, because a file name need not be
// UTF-8. src/sys/byte-path.ts passes them to the kernel and makes them readable for messages.

export type TarEntryKind =
  | "file"
  | "hard-link"
  | "symlink"
  | "character-device"
  | "block-device"
  | "directory"
  | "fifo";

export interface TarTime {
  /** Since 1970; negative before. */
  readonly seconds: number;
  /** 0 to 999,999,999, always forward from `seconds`. */
  readonly nanoseconds: number;
}

export interface TarEntry {
  readonly kind: TarEntryKind;
  /** As stored: not cleaned, may be absolute or contain "..". Never empty, never a NUL. */
  readonly path: string;
  /** Of links; else empty. */
  readonly linkTarget: string;
  /** Permission bits with setuid, setgid and sticky: 0 to 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file when it is unpacked, holes included; else 0. */
  readonly size: number;
  readonly sparse: boolean;
  readonly modified: TarTime;
  readonly device: { readonly major: number; readonly minor: number };
  /** By name; values as bytes. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** Where the entry's own header begins in the (uncompressed) archive. */
  readonly offset: number;
}

/** A part of a sparse file that the archive stores. */
export interface SparseSegment {
  readonly offset: number;
  readonly length: number;
}

/** Where the content of an entry lies in the (uncompressed) archive. */
export interface StoredData {
  /** Of its first byte: behind the headers and the map of a sparse file. */
  readonly offset: number;
  /** Of a sparse file: what lies there, one directly behind the other. Ascending, without overlap. */
  readonly segments: readonly SparseSegment[] | undefined;
}

/** Receives the entries in order: begin, data (files only, any number of times), end. */
export interface TarHandler {
  begin(entry: TarEntry, stored: StoredData): void;
  /**
   * `offset` is the place in the file; holes are left out. `chunk` is only valid during the call. A
   * handler without it lets whoever reads skip the content of files (TarReader.skippable).
   */
  data?(chunk: Uint8Array, offset: number): void;
  end(): void;
}

export interface TarLimits {
  /** Headers of every kind, extension headers too. */
  readonly entries: number;
  /** Of the whole archive. */
  readonly totalBytes: number;
  /** Of a path or a link target. */
  readonly pathBytes: number;
  /** Of one extended attribute's value. The kernel's own limit is 64 KiB. */
  readonly xattrBytes: number;
  /** Of one extension header: pax records or a long name. */
  readonly extensionBytes: number;
  /** Data segments of one sparse file. */
  readonly sparseSegments: number;
}

export const DEFAULT_TAR_LIMITS: TarLimits = {
  entries: 5_000_000,
  totalBytes: 256 * 1024 ** 3,
  pathBytes: 4096,
  xattrBytes: 64 * 1024,
  extensionBytes: 1024 * 1024,
  sparseSegments: 1_000_000,
};
