// From what a caller says about registries to what connections and their hosts need, with the defaults.

import type { ConnectionContext } from "./host-connection.ts";
import type { HostsSettings } from "./registry-hosts.ts";
import {
  DEFAULT_HOSTS_FOLDERS,
  DEFAULT_LIMITS,
  DEFAULT_PARALLEL_BLOBS,
  type RegistryOptions,
} from "./registry-options.ts";

export function connectionContext(options: RegistryOptions): ConnectionContext {
  return {
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    userAgent: options.userAgent ?? "ocicat",
    signal: options.signal,
    onEvent: options.onEvent ?? (() => undefined),
    credentials: options.credentials,
    parallelBlobs: options.parallelBlobs ?? DEFAULT_PARALLEL_BLOBS,
  };
}

export function hostsSettings(options: RegistryOptions): HostsSettings {
  return {
    folders: options.hostsFolders ?? DEFAULT_HOSTS_FOLDERS,
    insecure: options.insecure ?? [],
    mirrors: options.mirrors ?? {},
  };
}
