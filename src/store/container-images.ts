// Which images the containers of a store use:
//
//   containers/ID/image    the digest of the image's manifest, and an end of line
//
// An image that a container uses is not collected, whether it still has a name or not.

import { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from "../abi/file.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { readDirectoryAt } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, openAt, readTextAtIfExists, tryOpenAt, writeAll } from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";
import type { Store } from "./layout.ts";

const FOLDER = "containers";
const FILE = "image";

/**
 * Notes that a container uses an image, in its open folder. A lease has to protect the image until then.
 * It is not forced to the disk: after a power cut the container does not run.
 */
export function noteContainerImage(containerFd: number, manifest: Digest): void {
  const flags = O_WRONLY | O_CREAT | O_TRUNC;
  using file = new OwnedFd(openAt(containerFd, FILE, flags, 0o600));
  writeAll(file.number, encodeText(`${manifest}\n`), "the container's image");
}

export interface ContainerImage {
  readonly container: string;
  readonly manifest: Digest;
}

export function containerImages(store: Store): readonly ContainerImage[] {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  const fd = tryOpenAt(store.top.number, FOLDER, O_RDONLY | O_DIRECTORY);
  if (fd < 0) {
    return [];
  }
  using folder = new OwnedFd(fd);
  const images: ContainerImage[] = [];
  for (const { name, type } of readDirectoryAt(folder.number, ".")) {
    const text =
      type === "directory" ? readTextAtIfExists(folder.number, `${name}/${FILE}`) : undefined;
    const manifest = text?.trimEnd() ?? "";
    if (isDigest(manifest)) {
      images.push({ container: name, manifest });
    }
  }
  return images;
}
