// Which devices a container may use: an eBPF program on its v2 cgroup, or writes to the files of the v1
// controller.

import { O_RDONLY } from "../abi/file.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote, systemError } from "../error/ocicat-error.ts";
import type { DeviceCgroupRule } from "../oci/resources.ts";
import { compileDeviceFilter } from "../plan/device-filter/compile-device-filter.ts";
import { DEFAULT_DEVICE_RULES } from "../plan/device-filter/device-rules.ts";
import { type DeviceWrite, v1DeviceWrites } from "../plan/device-filter/v1-device-writes.ts";
import {
  explainDeviceProgram,
  tryAttachDeviceProgram,
  tryAttachedDevicePrograms,
  tryDetachDeviceProgram,
  tryLoadDeviceProgram,
} from "../sys/bpf.ts";
import { checked } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { close, OwnedFd, open, readTextFileIfExists } from "../sys/file.ts";
import { tryWriteControl } from "./control-file.ts";
import { freeze, isFrozen, thaw } from "./freeze.ts";
import { placeOf } from "./limit-write.ts";
import { applyUnitDevices } from "./scope.ts";
import type { ContainerCgroup, V1Cgroup, V2Cgroup } from "./types.ts";

const SOURCE = placeOf("devices");

/**
 * Applies `linux.resources.devices`, and after them what every container may use, in place of the rules
 * before. Rootless, and in a user namespace, what the kernel forbids is skipped, as runc does: there no
 * device node can be made either.
 */
export function applyDevices(
  cgroup: ContainerCgroup,
  configured: readonly DeviceCgroupRule[],
): void {
  if (cgroup.tree === "none") {
    return;
  }
  const rules = [...configured, ...DEFAULT_DEVICE_RULES];
  if (cgroup.tree === "v2") {
    applyUnitDevices(cgroup, rules);
    applyFilter(cgroup, compileDeviceFilter(rules));
    return;
  }
  whileStill(cgroup, () => {
    applyUnitDevices(cgroup, rules);
    applyWrites(cgroup, v1DeviceWrites(rules));
  });
}

/** While systemd changes the rules of a v1 unit, it denies everything for a moment. */
function whileStill(cgroup: V1Cgroup, action: () => void): void {
  const needsStill = cgroup.keeper.kind === "systemd" && !isFrozen(cgroup);
  if (!needsStill || cgroup.paths["freezer"] === undefined) {
    action();
    return;
  }
  freeze(cgroup);
  try {
    action();
  } finally {
    thaw(cgroup);
  }
}

function applyWrites(cgroup: V1Cgroup, writes: readonly DeviceWrite[]): void {
  const directory = cgroup.paths["devices"];
  if (directory === undefined) {
    if (cgroup.rootless) {
      return;
    }
    throw new OcicatError("unsupported", {
      operation: "set",
      subject: SOURCE,
      reason: 'this host has no cgroup v1 controller "devices"',
    });
  }
  for (const { file, text } of writes) {
    const result = tryWriteControl(directory, file, text);
    if (result < 0) {
      if (isForgivable(cgroup, -result)) {
        return;
      }
      const subject = `${SOURCE}: ${quote(text)} in ${quote(`${directory}/${file}`)}`;
      throw systemError(-result, "set", subject);
    }
  }
}

function applyFilter(cgroup: V2Cgroup, program: Uint8Array): void {
  const { O_DIRECTORY } = hostArchitecture.openFlags;
  using directory = new OwnedFd(open(cgroup.path, O_RDONLY | O_DIRECTORY));
  const loaded = tryLoadDeviceProgram(program);
  if (loaded < 0) {
    if (isForgivable(cgroup, -loaded)) {
      return;
    }
    const log = explainDeviceProgram(program);
    throw systemError(
      -loaded,
      "load the device filter of",
      SOURCE,
      log === "" ? {} : { cause: log },
    );
  }
  using filter = new OwnedFd(loaded);
  const errno = attachFilter(directory.number, filter.number);
  if (errno !== 0 && !isForgivable(cgroup, errno)) {
    throw systemError(errno, "attach the device filter to", quote(cgroup.path));
  }
}

/**
 * 0 or an errno. A single older filter is replaced in one step; kernels before 5.6 cannot do that, and
 * systemd may have left several: then ours comes first and the others go. There is no moment without
 * a filter.
 */
function attachFilter(directoryFd: number, filterFd: number): number {
  const older = tryAttachedDevicePrograms(directoryFd);
  if (typeof older === "number") {
    return -older;
  }
  try {
    const [only] = older;
    if (only !== undefined && older.length === 1) {
      const replaced = tryAttachDeviceProgram(directoryFd, filterFd, only);
      if (replaced !== -Errno.EINVAL) {
        return -replaced;
      }
    }
    const attached = tryAttachDeviceProgram(directoryFd, filterFd);
    if (attached < 0) {
      return -attached;
    }
    for (const programFd of older) {
      checked(tryDetachDeviceProgram(directoryFd, programFd), "detach", "the older device filter");
    }
    return 0;
  } finally {
    for (const programFd of older) {
      close(programFd);
    }
  }
}

function isForgivable(cgroup: ContainerCgroup, errno: number): boolean {
  const isDenied = errno === Errno.EPERM || errno === Errno.EACCES || errno === Errno.EROFS;
  return isDenied && (cgroup.rootless || isInUserNamespace());
}

/** The initial user namespace maps every id to itself. */
function isInUserNamespace(): boolean {
  const map = readTextFileIfExists("/proc/self/uid_map");
  return map !== undefined && !/^\s*0\s+0\s+4294967295\s*$/.test(map);
}
