// What a container's record keeps of what was asked for: names of other containers as their ids, and what
// the image says where nothing was asked for.

import { O_CREAT, O_EXCL, O_WRONLY } from "../../abi/file.ts";
import type { ImageConfig } from "../../oci/image-spec.ts";
import { OwnedFd, open, readTextFileIfExists, writeAll } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { withContainerIds } from "../run-namespaces.ts";
import type { RunContainerOptions } from "../run-options.ts";

/** Throws "not-found" for a container that is not there. */
export function withIds(options: RunContainerOptions, storeRoot: string): RunContainerOptions {
  return { ...options, ...withContainerIds(options, storeRoot), ...hostsHostname(options) };
}

/** In the host's network a container has the host's name, as with docker and podman. */
function hostsHostname({ network, hostname }: RunContainerOptions): { hostname?: string } {
  const name = readTextFileIfExists("/proc/sys/kernel/hostname")?.trim();
  const isWanted = network === "host" && hostname === undefined && name !== undefined;
  return isWanted ? { hostname: name } : {};
}

export function withImageDefaults(
  options: RunContainerOptions,
  { StopSignal = "" }: ImageConfig,
): RunContainerOptions {
  const isWanted = options.stopSignal === undefined && StopSignal !== "";
  return isWanted ? { ...options, stopSignal: StopSignal } : options;
}

/** Throws "already-exists" where something is. */
export function writeIdFile(path: string, id: string): void {
  using file = new OwnedFd(open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644));
  writeAll(file.number, encodeText(id), path);
}
