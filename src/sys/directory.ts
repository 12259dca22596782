// Reading directories by getdents64(2).

import { O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { quote } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf, hostArchitecture } from "./entry.ts";
import { OwnedFd, openAt } from "./file.ts";
import { bytes, decodeText } from "./memory.ts";

export type EntryType =
  | "file"
  | "directory"
  | "symlink"
  | "fifo"
  | "socket"
  | "block-device"
  | "character-device"
  | "unknown";

export interface DirectoryEntry {
  readonly name: string;
  readonly type: EntryType;
}

const ENTRY_TYPES: Readonly<Record<number, EntryType>> = {
  1: "fifo",
  2: "character-device",
  4: "directory",
  6: "block-device",
  8: "file",
  10: "symlink",
  12: "socket",
};

const BUFFER_BYTES = 32 * 1024;

/**
 * The entries of an open directory, without "." and "..", in the order of the file system. `decode`
 * makes a name of its bytes: byteStringOf for names that need not be UTF-8.
 *
 * struct linux_dirent64: inode u64 | offset u64 | record length u16 | type u8 | name, NUL
 */
export function readOpenDirectory(
  directoryFd: number,
  subject: string,
  decode?: (name: Uint8Array) => string,
): DirectoryEntry[] {
  return [...openDirectoryEntries(directoryFd, subject, decode)];
}

/** As readOpenDirectory, some at a time: there may be more than there is memory for. What was given may be removed. */
export function* openDirectoryEntries(
  directoryFd: number,
  subject: string,
  decode: (name: Uint8Array) => string = decodeText,
): Generator<DirectoryEntry, void> {
  const buffer = bytes(BUFFER_BYTES);
  const view = new DataView(buffer.buffer);
  for (;;) {
    const result = call("getdents64", directoryFd, addressOf(buffer), buffer.length);
    // One that has been removed since it was opened has nothing in it.
    if (result === 0 || result === -Errno.ENOENT) {
      return;
    }
    const length = checked(result, "read directory", subject);
    for (let offset = 0; offset < length; ) {
      const recordLength = view.getUint16(offset + 16, true);
      const nameEnd = buffer.indexOf(0, offset + 19);
      const name = decode(buffer.subarray(offset + 19, nameEnd));
      if (name !== "." && name !== "..") {
        yield { name, type: ENTRY_TYPES[buffer[offset + 18] ?? 0] ?? "unknown" };
      }
      offset += recordLength;
    }
  }
}

/** As readOpenDirectory, of `path` relative to `parentFd`; the last component is not followed. */
export function readDirectoryAt(parentFd: number, path: string): DirectoryEntry[] {
  const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
  using directory = new OwnedFd(openAt(parentFd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  return readOpenDirectory(directory.number, quote(path));
}
