// Which directories a creation made, so that its failure can remove them, and how one is made.

import { AT_FDCWD } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { tryMkdirAt, tryRmdirAt } from "../sys/file.ts";
import { parentPath } from "./path-names.ts";

const MODE = 0o755;

export class MadeDirectories {
  readonly #paths: string[] = [];
  #foundExisting = false;

  /** Whether a container's own directory was there before. */
  get foundExisting(): boolean {
    return this.#foundExisting;
  }

  /**
   * Makes `path` and its missing parents; `onMade` is called for each that was made, the topmost
   * first. Returns 0, EEXIST where it was there, or another errno.
   */
  make(path: string, onMade: (directory: string) => void = () => undefined): number {
    const errno = this.#makeOne(path, onMade);
    if (errno === Errno.EEXIST) {
      this.#foundExisting = true;
    }
    if (errno !== Errno.ENOENT || path === "/") {
      return errno;
    }
    const above = this.#makeParents(parentPath(path), onMade);
    return above === 0 ? this.#makeOne(path, onMade) : above;
  }

  #makeParents(path: string, onMade: (directory: string) => void): number {
    let errno = this.#makeOne(path, onMade);
    if (errno === Errno.ENOENT && path !== "/") {
      const above = this.#makeParents(parentPath(path), onMade);
      errno = above === 0 ? this.#makeOne(path, onMade) : above;
    }
    return errno === Errno.EEXIST ? 0 : errno;
  }

  #makeOne(path: string, onMade: (directory: string) => void): number {
    const errno = -tryMkdirAt(AT_FDCWD, path, MODE);
    if (errno === 0) {
      this.#paths.push(path);
      onMade(path);
    }
    return errno;
  }

  /** Best effort: what cannot be removed is in use by others by now. */
  removeAll(): void {
    for (const path of this.#paths.toReversed()) {
      tryRmdirAt(AT_FDCWD, path);
    }
    this.#paths.length = 0;
  }
}

export function isPermissionErrno(errno: number): boolean {
  return errno === Errno.EACCES || errno === Errno.EPERM || errno === Errno.EROFS;
}
