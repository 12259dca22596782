// Reads `linux`, its smaller properties here, the larger ones in files of their own.
// Source: config-linux.md.

import { DEVICE_TYPES, PERSONALITY_DOMAINS, ROOTFS_PROPAGATIONS } from "../linux.ts";
import type { Fields } from "./fields.ts";
import {
  cgroupsPath,
  checkNamespaces,
  checkSysctl,
  checkTimeOffsets,
  checkUserNamespace,
  type Namespaces,
} from "./namespaces.ts";
import { checkIntelRdt, checkMemoryPolicy } from "./placement.ts";
import { DEVICE_MAJOR_MAX, DEVICE_MINOR_MAX, UINT32_MAX } from "./ranges.ts";
import { checkResources } from "./resources.ts";
import { shown } from "./scalars.ts";
import { checkSeccomp } from "./seccomp.ts";
import { absolutePath, interfaceName } from "./text-rules.ts";

export function checkLinux(linux: Fields): Namespaces {
  const namespaces = checkNamespaces(linux);
  checkUserNamespace(linux, namespaces);
  checkTimeOffsets(linux, namespaces);
  checkSysctl(linux, namespaces);
  linux.text("cgroupsPath", cgroupsPath);
  linux.object("resources", checkResources);
  linux.objects("devices", checkDevice);
  checkNetDevices(linux, namespaces);
  linux.object("seccomp", checkSeccomp);
  linux.choice("rootfsPropagation", ROOTFS_PROPAGATIONS);
  checkHiddenPaths(linux, namespaces);
  linux.text("mountLabel");
  linux.object("intelRdt", checkIntelRdt);
  linux.object("memoryPolicy", checkMemoryPolicy);
  linux.object("personality", checkPersonality);
  return namespaces;
}

function checkDevice(device: Fields): void {
  device.required("path", "type");
  device.text("path", absolutePath);
  const type = device.choice("type", DEVICE_TYPES);
  if (type !== "p") {
    device.required("major", "minor");
  }
  device.integer("major", 0, DEVICE_MAJOR_MAX);
  device.integer("minor", 0, DEVICE_MINOR_MAX);
  device.integer("fileMode", 0, UINT32_MAX);
  device.integer("uid", 0, UINT32_MAX);
  device.integer("gid", 0, UINT32_MAX);
}

function checkNetDevices(linux: Fields, namespaces: Namespaces): void {
  const targets = new Set<string>();
  let count = 0;
  linux.record("netDevices", (device, hostName) => {
    count += 1;
    const problem = interfaceName(hostName);
    if (problem !== undefined) {
      linux.fault("netDevices", problem, hostName);
    }
    const target = device.text("name", interfaceName) ?? hostName;
    // The kernel replaces "%d" by a number that is free.
    if (targets.has(target) && !target.endsWith("%d")) {
      device.fault("name", `${shown(target)} occurs twice`);
    }
    targets.add(target);
  });
  if (count > 0 && !namespaces.has("network")) {
    linux.fault("netDevices", "needs a network namespace");
  }
}

function checkHiddenPaths(linux: Fields, namespaces: Namespaces): void {
  for (const name of ["maskedPaths", "readonlyPaths"]) {
    const paths = linux.texts(name, absolutePath) ?? [];
    if (paths.length > 0 && !namespaces.has("mount")) {
      linux.fault(name, "needs a mount namespace");
    }
  }
}

function checkPersonality(personality: Fields): void {
  personality.required("domain");
  personality.choice("domain", PERSONALITY_DOMAINS);
  const flags = personality.texts("flags") ?? [];
  if (flags.length > 0) {
    personality.warn("flags", "ignored: the specification defines none");
  }
}
