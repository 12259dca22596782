// A folder for trials, on the file system that the store is or would be on.

import { AT_FDCWD, O_PATH } from "../../abi/file.ts";
import { quote } from "../../error/ocicat-error.ts";
import { removeTree } from "../../store/remove-tree.ts";
import { checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, stat, tryMkdirAt } from "../../sys/file.ts";

/** Throws OcicatError where no folder can be made or it cannot be removed. */
export function inScratchFolder<Result>(parent: string, use: (folder: string) => Result): Result {
  using directory = new OwnedFd(open(parent, O_PATH | hostArchitecture.openFlags.O_DIRECTORY));
  const name = `.ocicat-doctor-${crypto.getRandomValues(new Uint8Array(6)).toHex()}`;
  checked(tryMkdirAt(directory.number, name, 0o700), "make a folder in", quote(parent));
  try {
    return use(`${parent}/${name}`);
  } finally {
    removeTree(directory.number, name);
  }
}

/** Makes a folder that everybody may enter. */
export function makeFolder(path: string): string {
  checked(tryMkdirAt(AT_FDCWD, path, 0o755), "make directory", quote(path));
  return path;
}

/** The folder itself, or the closest one above it that exists. */
export function existingFolder(path: string): string {
  for (let folder = path; folder !== ""; folder = folder.slice(0, folder.lastIndexOf("/"))) {
    if (stat(folder) !== undefined) {
      return folder;
    }
  }
  return "/";
}
