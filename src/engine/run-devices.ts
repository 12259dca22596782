// Devices of the host that a container gets, and what it may do with them.

import { AT_FDCWD, O_RDONLY, S_IFBLK, S_IFCHR, S_IFDIR, S_IFMT } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Device } from "../oci/linux.ts";
import type { Mount } from "../oci/mount.ts";
import type { DeviceCgroupRule } from "../oci/resources.ts";
import { readDirectoryAt } from "../sys/directory.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { type FileStatus, OwnedFd, open, statAt } from "../sys/file.ts";

export interface RunDevice {
  /** A device of the host, or a folder with devices. */
  readonly source: string;
  readonly destination: string;
  /** Of the letters r, w and m. */
  readonly access: string;
}

export type RunDeviceRule = Required<Pick<DeviceCgroupRule, "type" | "access">> & {
  /** -1: every number. */
  readonly major: number;
  readonly minor: number;
};

export interface FoundDevice {
  readonly device: Device;
  /** On the host. */
  readonly source: string;
  readonly access: string;
}

const PERMISSION_BITS = 0o7777;

/** Throws "not-found" for what is not there, "invalid-argument" for what is no device. */
export function findDevices(devices: readonly RunDevice[]): FoundDevice[] {
  return devices.flatMap(({ source, destination, access }) => {
    const status = statAt(AT_FDCWD, source, true);
    if (status === undefined) {
      throw noDevice("not-found", source, "no such file or directory");
    }
    if ((status.mode & S_IFMT) === S_IFDIR) {
      return devicesBelow(source, destination).map((found) => ({ ...found, access }));
    }
    const device = deviceOf(status, destination);
    if (device === undefined) {
      throw noDevice("invalid-argument", source, "it is neither a device nor a folder");
    }
    return [{ device, source, access }];
  });
}

function noDevice(code: "invalid-argument" | "not-found", path: string, reason: string) {
  return new OcicatError(code, { operation: "give", subject: `the device ${quote(path)}`, reason });
}

/** What the container makes itself, and what is no device of anybody's. */
const LEFT_OUT = ["pts", "shm", "fd", "mqueue", "console", ".udev", ".lxc", ".lxd-mounts"];

/** All of the host's, for a privileged container. */
export function allDevices(): FoundDevice[] {
  return devicesBelow("/dev", "/dev", LEFT_OUT).map((found) => ({ ...found, access: "rwm" }));
}

function devicesBelow(
  source: string,
  destination: string,
  leftOut: readonly string[] = [],
): Omit<FoundDevice, "access">[] {
  using folder = new OwnedFd(open(source, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
  const entries = readDirectoryAt(folder.number, ".").filter(({ name }) => !leftOut.includes(name));
  return entries.flatMap(({ name, type }) => {
    const place = { source: `${source}/${name}`, destination: `${destination}/${name}` };
    if (type === "directory") {
      return devicesBelow(place.source, place.destination);
    }
    const status = statAt(folder.number, name);
    const device = status === undefined ? undefined : deviceOf(status, place.destination);
    return device === undefined ? [] : [{ device, source: place.source }];
  });
}

function deviceOf(status: FileStatus, path: string): Device | undefined {
  const kind = status.mode & S_IFMT;
  if (kind !== S_IFCHR && kind !== S_IFBLK) {
    return undefined;
  }
  const { uid, gid, specialDevice } = status;
  const fileMode = status.mode & PERMISSION_BITS;
  return { path, type: kind === S_IFCHR ? "c" : "b", ...specialDevice, fileMode, uid, gid };
}

/** In the order in which the cgroup is to apply them. */
export function deviceRules(
  found: readonly FoundDevice[],
  rules: readonly RunDeviceRule[] = [],
): DeviceCgroupRule[] {
  return [
    ...found.map(({ device: { type, major, minor }, access }): DeviceCgroupRule => {
      const isBlock = type === "b";
      return {
        allow: true,
        type: isBlock ? "b" : "c",
        ...(major === undefined ? {} : { major }),
        ...(minor === undefined ? {} : { minor }),
        access,
      };
    }),
    ...rules.map((rule): DeviceCgroupRule => ({ allow: true, ...rule })),
  ];
}

/** For a user namespace, which can't make nodes: the host's are shown instead. */
export function deviceMounts(found: readonly FoundDevice[]): Mount[] {
  return found.map(({ device, source }) => ({
    destination: device.path,
    type: "bind",
    source,
    options: ["bind", "rprivate", "nosuid", "noexec"],
  }));
}
