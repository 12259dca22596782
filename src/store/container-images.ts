// Which images the containers of a store use:
//
//   containers/ID/image            the digest of the image's manifest, and an end of line
//   containers/ID/mounted-images   the same of further images that it has mounted, a line each; absent: none
//
// An image that a container uses is not collected, whether it still has a name or not. Where the first of these
// is empty, as after a power cut, the container's own record says it as well: {"image": {"digest": ...}}.

import { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from "../abi/file.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import { readDirectoryAt } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { OwnedFd, openAt, readTextAtIfExists, tryOpenAt, writeAll } from "../sys/file.ts";
import { encodeText } from "../sys/memory.ts";
import type { Store } from "./layout.ts";

const FOLDER = "containers";
const FILE = "image";
const MOUNTED_FILE = "mounted-images";
/** The engine's (src/engine/containers/container-record.ts). */
const RECORD_FILE = "container.json";
const RECORD_BYTES = 4 * 1024 * 1024;
/** As it stands in the record, sound or not. */
const RECORDED_DIGEST = /"digest":"([a-z0-9]+:[0-9a-f]+)"/g;

/**
 * Notes that a container uses an image, in its open folder. A lease has to protect the image until then.
 * It is not forced to the disk: after a power cut the container does not run.
 */
export function noteContainerImage(containerFd: number, manifest: Digest): void {
  const flags = O_WRONLY | O_CREAT | O_TRUNC;
  using file = new OwnedFd(openAt(containerFd, FILE, flags, 0o600));
  writeAll(file.number, encodeText(`${manifest}\n`), "the container's image");
}

/** The same for images that it has mounted. */
export function noteMountedImages(containerFd: number, manifests: readonly string[]): void {
  const flags = O_WRONLY | O_CREAT | O_TRUNC;
  using file = new OwnedFd(openAt(containerFd, MOUNTED_FILE, flags, 0o600));
  const text = manifests.map((manifest) => `${manifest}\n`).join("");
  writeAll(file.number, encodeText(text), "the container's mounted images");
}

export interface ContainerImage {
  readonly container: string;
  readonly manifest: Digest;
}

/** A container is there once for each of its images. */
export function containerImages(store: Store): readonly ContainerImage[] {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  const fd = tryOpenAt(store.top.number, FOLDER, O_RDONLY | O_DIRECTORY);
  if (fd < 0) {
    return [];
  }
  using folder = new OwnedFd(fd);
  const images: ContainerImage[] = [];
  for (const { name, type } of readDirectoryAt(folder.number, ".")) {
    if (type === "directory") {
      images.push(...imagesOf(folder.number, name));
    }
  }
  return images;
}

/** The one that it is made from comes last. */
function imagesOf(containersFd: number, container: string): ContainerImage[] {
  const mounted = digestsIn(containersFd, `${container}/${MOUNTED_FILE}`);
  const noted = digestsIn(containersFd, `${container}/${FILE}`);
  const own = noted.length > 0 ? noted : recordedDigests(containersFd, container);
  return [...mounted, ...own].map((manifest) => ({ container, manifest }));
}

function digestsIn(containersFd: number, path: string): Digest[] {
  return (readTextAtIfExists(containersFd, path) ?? "").split("\n").filter(isDigest);
}

/** None for a container that is made from a folder. */
function recordedDigests(containersFd: number, container: string): Digest[] {
  const text = readRecord(containersFd, container) ?? "";
  return [...text.matchAll(RECORDED_DIGEST)].map(([, digest = ""]) => digest).filter(isDigest);
}

/** Undefined also for one that is too large: nobody can start the container, and all other images go on. */
function readRecord(containersFd: number, container: string): string | undefined {
  try {
    return readTextAtIfExists(containersFd, `${container}/${RECORD_FILE}`, RECORD_BYTES);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "exhausted") {
      return undefined;
    }
    throw error;
  }
}
