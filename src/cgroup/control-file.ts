// Reading and writing the control files of a cgroup. Writes never make a file: one that is not there
// stays ENOENT.

import { AT_FDCWD, O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote, systemError } from "../error/ocicat-error.ts";
import { checked } from "../sys/call.ts";
import { OwnedFd, readAll, tryOpenAt, tryWriteTextAt } from "../sys/file.ts";
import { decodeText } from "../sys/memory.ts";

const LONGEST_CONTENT = 4 * 1024 * 1024;

/** 0 or -errno. */
export function tryWriteControl(directory: string, file: string, text: string): number {
  return tryWriteTextAt(AT_FDCWD, `${directory}/${file}`, text);
}

export function writeControl(directory: string, file: string, text: string): void {
  const path = quote(`${directory}/${file}`);
  checked(tryWriteControl(directory, file, text), "write", `${quote(text)} to ${path}`);
}

/** The content, or undefined where the file or its cgroup is not (or no longer) there. */
export function readControlIfExists(directory: string, file: string): string | undefined {
  const path = `${directory}/${file}`;
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY);
  if (fd === -Errno.ENOENT || fd === -Errno.ENODEV || fd === -Errno.ENOTDIR) {
    return undefined;
  }
  using opened = new OwnedFd(checked(fd, "open", quote(path)));
  try {
    return decodeText(readAll(opened.number, quote(path), LONGEST_CONTENT));
  } catch (error) {
    // The cgroup was removed, or the kernel keeps the file but not the feature (PSI switched off).
    const gone = [Errno.ENODEV, Errno.EOPNOTSUPP].some((errno) => hasErrno(error, errno));
    if (gone) {
      return undefined;
    }
    throw error;
  }
}

export function readControl(directory: string, file: string): string {
  const content = readControlIfExists(directory, file);
  if (content === undefined) {
    throw systemError(Errno.ENOENT, "read", quote(`${directory}/${file}`));
  }
  return content;
}

export function hasErrno(error: unknown, errno: number): boolean {
  return error instanceof OcicatError && error.errno === errno;
}

/** Lines `key value` of a flat keyed file (memory.events), as a map. */
export function parseKeyedLines(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const end = line.indexOf(" ");
    if (end > 0) {
      values.set(line.slice(0, end), line.slice(end + 1));
    }
  }
  return values;
}

export function parseWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
