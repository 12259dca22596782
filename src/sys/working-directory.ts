// The working directory. It may have been deleted: then no relative path leads anywhere, and least of all to /.

import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { call, checked } from "./call.ts";
import { addressOf } from "./entry.ts";
import { OwnedFd } from "./file.ts";
import { bytes, decodeText } from "./memory.ts";

const LONGEST_PATH = 4096;

/** Bun does not start in a deleted directory: the launcher has left it, and kept a descriptor of it. */
export function returnToDirectory(fd: number): void {
  using directory = new OwnedFd(fd);
  checked(call("fchdir", directory.number), "return to", "the working directory");
}

export function workingDirectory(): string {
  const path = bytes(LONGEST_PATH);
  const length = call("getcwd", addressOf(path), LONGEST_PATH);
  if (length === -Errno.ENOENT) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: "the working directory",
      reason: "it has been deleted",
    });
  }
  // The length counts the NUL at its end.
  return decodeText(path.subarray(0, checked(length, "find", "the working directory") - 1));
}

/** An absolute path for one that may be relative, which is left as it is beyond that. */
export function fromWorkingDirectory(path: string): string {
  return path.startsWith("/") ? path : `${workingDirectory()}/${path}`;
}
