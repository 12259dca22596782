// How much a container has written into its own layer.

import {
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from "../../abi/file.ts";
import { byteStringOf, statByteAt, tryOpenByteAt2 } from "../../sys/byte-path.ts";
import { readOpenDirectory } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd } from "../../sys/file.ts";

/** Bytes of the regular files of `upper`; what has several names counts once. */
export function writtenBytes(containerFd: number): number {
  const seen = new Set<number>();
  let bytes = 0;
  eachDirectory(containerFd, (directoryFd, name) => {
    const status = statByteAt(directoryFd, name);
    const type = (status?.mode ?? 0) & S_IFMT;
    if (status !== undefined && type === S_IFREG && !seen.has(status.inode)) {
      seen.add(status.inode);
      bytes += status.size;
    }
    return type === S_IFDIR;
  });
  return bytes;
}

/** `visit` says whether the entry is a directory to go into. */
function eachDirectory(
  containerFd: number,
  visit: (directoryFd: number, name: string) => boolean,
): void {
  const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
  // The container may put a link in the place of any directory meanwhile.
  const how = {
    flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
    resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  };
  const pending = ["upper"];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const fd = tryOpenByteAt2(containerFd, path, how);
    if (fd < 0) {
      continue;
    }
    using directory = new OwnedFd(fd);
    for (const { name } of readOpenDirectory(directory.number, path, byteStringOf)) {
      if (visit(directory.number, name)) {
        pending.push(`${path}/${name}`);
      }
    }
  }
}
