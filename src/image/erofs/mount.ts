// Mounts EROFS images from their files, without loop devices.
//
// The kernel takes paths; descriptors go through /proc/self/fd, so that what was opened and checked is
// what is mounted. All devices are always named: without any the kernel mounts an image as well, and
// every read fails.
//
// The mount is on the host, where nobody shall run an image's setuid programs or open its devices. For
// containers that does not matter: they have an overlay on top of it, whose own attributes count.

import { MOUNT_ATTR_NODEV, MOUNT_ATTR_NOSUID, MOUNT_ATTR_RDONLY } from "../../abi/mount.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { OwnedFd } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import { attachMount, type MountParameter, makeDetachedMount } from "../../sys/mount-context.ts";
import { readAt } from "../../sys/positioned.ts";
import {
  BLOCK_BITS,
  BLOCK_BITS_AT,
  DEVICE_COUNT_AT,
  DEVICE_TABLE_OFFSET,
  SUPERBLOCK_MAGIC,
  SUPERBLOCK_OFFSET,
} from "./format.ts";

export interface ErofsImage {
  /** A merged image or a mountable layer file. */
  readonly imageFd: number;
  /** Of a merged image all layers, lowest first; of a layer file none. */
  readonly deviceFds: readonly number[];
}

export interface ErofsMountRequest extends ErofsImage {
  /** An existing directory; trusted, never a path of a container. */
  readonly targetPath: string;
}

export function mountErofs(request: ErofsMountRequest): void {
  using mount = detachedErofs(request);
  attachMount(mount.number, request.targetPath);
}

/** A mount that is nowhere yet. */
export function detachedErofs({ imageFd, deviceFds }: ErofsImage): OwnedFd {
  checkDevices(imageFd, deviceFds.length);
  const devices = deviceFds.map((fd): MountParameter => ["device", descriptorPath(fd)]);
  return makeDetachedMount({
    fileSystem: "erofs",
    parameters: [["source", descriptorPath(imageFd)], ["ro"], ...devices],
    attributes: MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
  });
}

function checkDevices(imageFd: number, given: number): void {
  const expected = deviceCount(imageFd);
  if (expected !== given) {
    const count = `it has ${expected} devices instead of the ${given} that are given`;
    throw new OcicatError("invalid-config", {
      operation: "mount",
      subject: "an EROFS image",
      reason: expected === undefined ? "there is no EROFS superblock" : count,
    });
  }
}

/** Undefined: it is not an image of ours. */
function deviceCount(imageFd: number): number | undefined {
  const content = bytes(DEVICE_TABLE_OFFSET - SUPERBLOCK_OFFSET);
  readAt(imageFd, content, SUPERBLOCK_OFFSET, "an EROFS image");
  const view = new DataView(content.buffer);
  const isOurs =
    view.getUint32(0, true) === SUPERBLOCK_MAGIC && view.getUint8(BLOCK_BITS_AT) === BLOCK_BITS;
  return isOurs ? view.getUint16(DEVICE_COUNT_AT, true) : undefined;
}

function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
