// Whether images can be EROFS here: tried, not guessed from version numbers. A tiny layer file is made in
// the folder, without a name, mounted without a place, read, and put under overlays.

import {
  O_RDONLY,
  O_RDWR,
  OVERLAYFS_SUPER_MAGIC,
  RESOLVE_BENEATH,
  TMPFS_MAGIC,
} from "../../abi/file.ts";
import { MOUNT_ATTR_RDONLY } from "../../abi/mount.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Digest } from "../../oci/digest.ts";
import { checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open, readAll, tryOpenAt2 } from "../../sys/file.ts";
import { tryFileSystemType } from "../../sys/file-system-type.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import { makeDetachedMount } from "../../sys/mount-context.ts";
import { encodeEntry, type NewTarEntry } from "../tar/encode-entry.ts";
import { LayerFileWriter } from "./layer-file-writer.ts";
import { detachedErofs } from "./mount.ts";

export type ErofsProbe =
  | {
      readonly usable: true;
      /**
       * A container whose root is an overlay on an image can mount overlays on it, in turn. Kernels that
       * count EROFS as a level of its own refuse that. Undefined: this kernel does not let us try.
       */
      readonly nestedOverlay: boolean | undefined;
    }
  /** `reason` completes "EROFS cannot be used here: ...". */
  | { readonly usable: false; readonly reason: string };

const CONTENT = "EROFS";
const FILE = "file";
const DIRECTORIES = ["a", "b", "c"] as const;

/** `folder` has to exist; it is where image files are going to be. */
export function probeErofs(folder: string): ErofsProbe {
  try {
    const { O_TMPFILE } = hostArchitecture.openFlags;
    using image = new OwnedFd(open(folder, O_TMPFILE | O_RDWR, 0o600));
    writeTinyLayer(image.number);
    using mount = detachedErofs({ imageFd: image.number, deviceFds: [] });
    checkContent(mount.number);
    return { usable: true, nestedOverlay: canNestOverlays(mount.number) };
  } catch (error) {
    if (error instanceof OcicatError) {
      return { usable: false, reason: reasonOf(error, folder) };
    }
    throw error;
  }
}

function writeTinyLayer(fd: number): void {
  const content = encodeText(CONTENT);
  const entries = [
    ...DIRECTORIES.map((path) => tinyEntry({ kind: "directory", path })),
    tinyEntry({ kind: "file", path: FILE, size: content.length }),
  ];
  const writer = new LayerFileWriter(fd);
  for (const entry of entries) {
    writer.push(encodeEntry(entry).blocks);
  }
  const padded = Buffer.alloc(512);
  padded.set(content);
  writer.push(padded);
  writer.push(Buffer.alloc(1024));
  const anyDigest: Digest = `sha256:${"0cca7".padEnd(64, "0")}`;
  writer.finish(anyDigest);
}

function tinyEntry(fields: Pick<NewTarEntry, "kind" | "path"> & { size?: number }): NewTarEntry {
  return {
    size: 0,
    linkTarget: "",
    mode: 0o755,
    uid: 0,
    gid: 0,
    modified: { seconds: 0, nanoseconds: 0 },
    device: { major: 0, minor: 0 },
    xattrs: new Map(),
    ...fields,
  };
}

function checkContent(mountFd: number): void {
  const opened = tryOpenAt2(mountFd, FILE, { flags: O_RDONLY, resolve: RESOLVE_BENEATH });
  using file = new OwnedFd(checked(opened, "open", "a file of a probe image"));
  const content = decodeText(readAll(file.number, "a file of a probe image"));
  if (content !== CONTENT) {
    throw new OcicatError("unsupported", {
      operation: "read",
      subject: "a file of a probe image",
      reason: "the kernel reads something else than was written",
    });
  }
}

function canNestOverlays(mountFd: number): boolean | undefined {
  const [a, b, c] = DIRECTORIES.map((name) => `/proc/self/fd/${mountFd}/${name}`);
  using first = tryOverlay(`${a}:${b}`);
  if (first === undefined) {
    return undefined;
  }
  using second = tryOverlay(`/proc/self/fd/${first.number}:${c}`);
  return second !== undefined;
}

function tryOverlay(lowerdir: string): OwnedFd | undefined {
  try {
    return makeDetachedMount({
      fileSystem: "overlay",
      parameters: [["lowerdir", lowerdir]],
      attributes: MOUNT_ATTR_RDONLY,
    });
  } catch (error) {
    if (error instanceof OcicatError) {
      return undefined;
    }
    throw error;
  }
}

function reasonOf(error: OcicatError, folder: string): string {
  switch (error.errno) {
    case Errno.ENODEV:
      return "the kernel has no EROFS";
    case Errno.ENOSYS:
      return "the kernel has no fsopen (Linux 5.2 has)";
    case Errno.EPERM:
      return `mounting it takes root in the initial user namespace: ${error.message}`;
    case Errno.ENOTBLK:
      return backingReason(folder);
    default:
      return error.message;
  }
}

/** The kernel says "block device required" of a file system that it cannot read an image from. */
function backingReason(folder: string): string {
  const type = tryFileSystemType(folder);
  const names = new Map([
    [TMPFS_MAGIC, "tmpfs"],
    [OVERLAYFS_SUPER_MAGIC, "overlayfs"],
  ]);
  const name = names.get(type);
  return name === undefined
    ? "the kernel does not mount it from a file (Linux 6.12 does)"
    : `${quote(folder)} is on ${name}, from which the kernel does not mount it`;
}
