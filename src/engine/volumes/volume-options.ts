// What `volume create --opt` says: the options of docker's and podman's driver "local". A volume with options is
// not the folder in the store but what they name, mounted in each container that has the volume:
//
//   type     a file system of the kernel's; "none" or nothing for a folder of the host
//   device   what mount(8) takes as its source
//   o        mount options, with commas between
//
// Memory (type=tmpfs) is one container's at a time: it is there only while the container runs.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { VolumeMount } from "../run-options.ts";

export type VolumeOptions = Readonly<Record<string, string>>;

const KEYS = ["type", "device", "o"];
const FILE_SYSTEM = /^[a-z0-9_.-]{1,32}$/;

/** Undefined: it is its folder in the store. Throws "invalid-argument" for what can't be mounted. */
export function volumeMount(options: VolumeOptions): VolumeMount | undefined {
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) {
    throw refused(unknown, options[unknown] ?? "", "the options are type, device and o");
  }
  const { type = "", device = "", o = "" } = options;
  const words = o.split(",").filter(Boolean);
  if (type === "" && device === "" && words.length === 0) {
    return undefined;
  }
  if (["", "none", "bind"].includes(type)) {
    return hostFolder(device, words);
  }
  if (!FILE_SYSTEM.test(type)) {
    throw refused("type", type, "it is no name of a file system");
  }
  if (type === "tmpfs") {
    return { type, source: "tmpfs", options: ["nosuid", "nodev", ...words] };
  }
  if (device === "") {
    throw refused("type", type, "the option device does not say what is to be mounted");
  }
  return { type, source: device, options: words };
}

function hostFolder(device: string, words: readonly string[]): VolumeMount {
  if (!words.includes("bind") && !words.includes("rbind")) {
    const reason = "without a type, o=bind shows the folder that the option device names";
    throw refused("o", words.join(","), reason);
  }
  if (!device.startsWith("/")) {
    throw refused("device", device, "it is not an absolute path");
  }
  return { type: "bind", source: device, options: ["rprivate", ...words] };
}

function refused(key: string, value: string, reason: string): OcicatError {
  return new OcicatError("invalid-argument", {
    operation: "use",
    subject: `the volume's option ${quote(`${key}=${value}`)}`,
    reason,
  });
}
