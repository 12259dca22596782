// What a user gives to be read, as an open file or pipe; and the file in the store's staging that takes
// its place where it has to be read at any place and can't be. That file has no name any more once it is
// made: it goes with the process.

import {
  AT_FDCWD,
  F_DUPFD_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  S_IFMT,
  S_IFREG,
  SEEK_CUR,
} from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Store } from "../../store/layout.ts";
import { call, checked } from "../../sys/call.ts";
import { OwnedFd, openAt, statAt, tryOpenAt, tryUnlinkAt, writeAll } from "../../sys/file.ts";
import { isTerminal } from "../../sys/terminal.ts";
import { checkAborted } from "../layers/check-aborted.ts";
import type { UnpackLimits } from "../unpack/limits.ts";
import { readRange } from "./file-range.ts";
import { sniff, unwrap, type Wrapped } from "./unwrap.ts";

export type ArchiveInput =
  | { readonly kind: "path"; readonly path: string }
  /** An open file or pipe, which stays the caller's; `description` is for messages: "standard input". */
  | { readonly kind: "descriptor"; readonly fd: number; readonly description: string };

export interface SpoolOptions {
  readonly limits?: UnpackLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An input that was opened, its beginning looked at. */
export class OpenedInput implements Disposable {
  readonly description: string;
  readonly file: OwnedFd;
  /** Of a regular file, which can be read at any place; undefined for anything else. */
  readonly size: number | undefined;

  /** Throws "invalid-argument" for a terminal. */
  constructor(input: ArchiveInput) {
    using file = new OwnedFd(
      input.kind === "path"
        ? openAt(AT_FDCWD, input.path, O_RDONLY)
        : checked(call("fcntl", input.fd, F_DUPFD_CLOEXEC, 0), "open", input.description),
    );
    this.description = input.kind === "path" ? quote(input.path) : input.description;
    if (isTerminal(file.number)) {
      throw new OcicatError("invalid-argument", {
        operation: "read",
        subject: this.description,
        reason: "it is a terminal",
        hint: "redirect a file: < FILE.tar",
      });
    }
    this.size = sizeOfFile(file.number);
    this.file = new OwnedFd(file.release());
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }

  /** From its beginning: a file as often as wanted, anything else once. */
  sniffed(): Promise<Wrapped> {
    const fd = this.file.number;
    return sniff(
      this.size === undefined
        ? Bun.file(fd).stream()
        : asynchronous(readRange(fd, { offset: 0, length: this.size }, this.description)),
    );
  }
}

/** Undefined also for a file that was already read from: what is left of it is a stream. */
function sizeOfFile(fd: number): number | undefined {
  const status = statAt(fd, "");
  const isFile = status !== undefined && (status.mode & S_IFMT) === S_IFREG;
  return isFile && call("lseek", fd, 0, SEEK_CUR) === 0 ? status.size : undefined;
}

async function* asynchronous(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

/**
 * A descriptor of a file with the input's bytes without their compression, which the caller closes.
 * `sniffed`: what was read of it already.
 */
export async function openSeekable(
  store: Store,
  input: OpenedInput,
  options: SpoolOptions = {},
  sniffed?: Wrapped,
): Promise<number> {
  const wrapped = sniffed ?? (await input.sniffed());
  if (wrapped.wrapping === "none" && input.size !== undefined) {
    return input.file.release();
  }
  using spool = new OwnedFd(makeNamelessFile(store));
  await unwrap(wrapped, spoolWriter(spool.number, options.signal), options.limits);
  return spool.release();
}

/**
 * A file of the store's file system, or, where the store can only be read, of the folder for temporary files, that
 * nobody else sees. The caller closes it.
 */
export function makeNamelessFile(store: Store): number {
  const name = `spool-${crypto.getRandomValues(new Uint8Array(8)).toHex()}`;
  const staging = store.staging.number;
  const openFlags = O_RDWR | O_CREAT | O_EXCL;
  const fd = tryOpenAt(staging, name, openFlags, 0o600);
  if (fd === -Errno.EROFS || fd === -Errno.EACCES) {
    const path = `${process.env["TMPDIR"] ?? "/tmp"}/ocicat-${name}`;
    const temporary = openAt(AT_FDCWD, path, openFlags, 0o600);
    tryUnlinkAt(AT_FDCWD, path);
    return temporary;
  }
  checked(fd, "create", "a file in the store's staging folder");
  tryUnlinkAt(staging, name);
  return fd;
}

/** Appends chunks to a file. Throws "interrupted" when aborted. */
export function spoolWriter(
  fd: number,
  signal: AbortSignal | undefined,
): (chunk: Uint8Array) => void {
  return (chunk) => {
    checkAborted(signal, "the archive");
    writeAll(fd, chunk, "the store's staging folder");
  };
}
