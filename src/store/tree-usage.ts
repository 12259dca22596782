// How much of the disk a tree takes, as du(1) counts it: allocated blocks, directories included, each
// inode once. What is below a mount point is not counted. Names may be any bytes, and the tree may
// change meanwhile: what is gone is not counted.

import { O_RDONLY, S_IFDIR, S_IFMT } from "../abi/file.ts";
import { byteStringOf, statByteAt, toByteString, tryOpenByteAt } from "../sys/byte-path.ts";
import { readOpenDirectory } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { type FileStatus, OwnedFd } from "../sys/file.ts";

/** Each level holds a descriptor. What a container makes deeper than this is not counted. */
const DEEPEST = 500;

/** Counts inodes with several names once, across all the trees that it is asked for. */
export class TreeUsage {
  readonly #counted = new Set<string>();

  /** Bytes of `name` in `parentFd`, whatever it is; 0 when it is not there. */
  of(parentFd: number, name: string): number {
    const status = statByteAt(parentFd, toByteString(name));
    return status === undefined
      ? 0
      : this.#measure(parentFd, toByteString(name), { device: deviceOf(status), depth: 0 });
  }

  #measure(parentFd: number, name: string, place: Place): number {
    const status = statByteAt(parentFd, name);
    if (status === undefined || deviceOf(status) !== place.device || this.#isCounted(status)) {
      return 0;
    }
    const isDirectory = (status.mode & S_IFMT) === S_IFDIR;
    const below =
      isDirectory && place.depth < DEEPEST ? this.#measureBelow(parentFd, name, place) : 0;
    return status.allocatedBytes + below;
  }

  #measureBelow(parentFd: number, name: string, { device, depth }: Place): number {
    const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
    const fd = tryOpenByteAt(parentFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0) {
      return 0;
    }
    using directory = new OwnedFd(fd);
    let sum = 0;
    for (const entry of readOpenDirectory(directory.number, "a folder", byteStringOf)) {
      sum += this.#measure(directory.number, entry.name, { device, depth: depth + 1 });
    }
    return sum;
  }

  #isCounted(status: FileStatus): boolean {
    if (status.links === 1 || (status.mode & S_IFMT) === S_IFDIR) {
      return false;
    }
    const identity = `${deviceOf(status)}:${status.inode}`;
    const isCounted = this.#counted.has(identity);
    this.#counted.add(identity);
    return isCounted;
  }
}

interface Place {
  readonly device: string;
  readonly depth: number;
}

function deviceOf({ device }: FileStatus): string {
  return `${device.major}:${device.minor}`;
}
