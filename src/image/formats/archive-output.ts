// Where an archive goes: a file that appears under its name when it is whole, or an open descriptor.

import { AT_FDCWD, O_CREAT, O_EXCL, O_PATH, O_WRONLY, S_IFMT, S_IFREG } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote, systemError } from "../../error/ocicat-error.ts";
import { call, checked } from "../../sys/call.ts";
import { addressOf } from "../../sys/entry.ts";
import {
  OwnedFd,
  openAt,
  readLinkAt,
  renameAt,
  statAt,
  tryOpenAt,
  tryUnlinkAt,
} from "../../sys/file.ts";
import { poll } from "../../sys/poll.ts";
import { isTerminal } from "../../sys/terminal.ts";
import type { ByteSink } from "../tar/tar-writer.ts";

export type ArchiveOutput =
  | { readonly kind: "path"; readonly path: string }
  /** An open file, pipe or socket, which stays the caller's; `description`: "standard output". */
  | { readonly kind: "descriptor"; readonly fd: number; readonly description: string };

/** Like everything that images are made of: for the user alone, as `docker save` has it. */
const MODE = 0o600;
const POLLOUT = 4;

/**
 * Hands `write` a sink for the output's bytes. A file has its name, and replaces another one, only once
 * all was written; after a failure nothing is left of it. Throws "invalid-argument" for a terminal.
 */
export async function writeOutput(
  output: ArchiveOutput,
  write: (sink: ByteSink) => Promise<void>,
): Promise<void> {
  if (output.kind === "descriptor") {
    refuseTerminal(output.fd, output.description);
    await write(sinkOf(output.fd, output.description));
    return;
  }
  const { path } = output;
  const existing = statAt(AT_FDCWD, path, true);
  if (existing !== undefined && (existing.mode & S_IFMT) !== S_IFREG) {
    // A device or a named pipe is written to, not replaced.
    using file = new OwnedFd(openAt(AT_FDCWD, path, O_WRONLY));
    refuseTerminal(file.number, quote(path));
    await write(sinkOf(file.number, quote(path)));
    return;
  }
  await writeNewFile(existing === undefined ? path : linkedPath(path), write);
}

/** Of the file itself, where links lead to it: they stay. */
function linkedPath(path: string): string {
  using file = new OwnedFd(openAt(AT_FDCWD, path, O_PATH));
  return readLinkAt(AT_FDCWD, `/proc/self/fd/${file.number}`);
}

async function writeNewFile(path: string, write: (sink: ByteSink) => Promise<void>): Promise<void> {
  const temporary = `${path}.${crypto.getRandomValues(new Uint8Array(6)).toHex()}.part`;
  const opened = tryOpenAt(AT_FDCWD, temporary, O_WRONLY | O_CREAT | O_EXCL, MODE);
  using file = new OwnedFd(checked(opened, "make", quote(path)));
  try {
    await write(sinkOf(file.number, quote(path)));
    checked(call("fsync", file.number), "write to the disk", quote(path));
    renameAt(AT_FDCWD, temporary, AT_FDCWD, path);
  } catch (error) {
    tryUnlinkAt(AT_FDCWD, temporary);
    throw error;
  }
}

function refuseTerminal(fd: number, description: string): void {
  if (isTerminal(fd)) {
    throw new OcicatError("invalid-argument", {
      operation: "write to",
      subject: description,
      reason: "it is a terminal",
      hint: "redirect it into a file: > FILE.tar",
    });
  }
}

/** Pipes may be set not to block by whoever else has them: they are waited for. */
function sinkOf(fd: number, description: string): ByteSink {
  return (chunk) => {
    for (let done = 0; done < chunk.length; ) {
      const count = call("write", fd, addressOf(chunk) + done, chunk.length - done);
      if (count === -Errno.EAGAIN) {
        poll([{ fd, events: POLLOUT }]);
      } else if (count < 0) {
        throw systemError(-count, "write", description);
      } else {
        done += count;
      }
    }
  };
}
