// The root of the OCI runtime specification 1.3.0's config.json, as Linux sees it. This is the one
// model of a container's configuration: what the parser returns is passed on as it is. The themes
// (process, mounts, hooks, Linux, resources, seccomp) have a file each.
// Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md

import type { Hooks } from "./hooks.ts";
import type { Linux } from "./linux.ts";
import type { Mount } from "./mount.ts";
import type { Process } from "./process.ts";

/** The newest version of the runtime specification that this model covers. */
export const OCI_VERSION = "1.3.0";

export interface Spec {
  readonly ociVersion: string;
  /** Absent only for a container that is created and never started. */
  readonly process?: Process;
  readonly root: Root;
  readonly hostname?: string;
  readonly domainname?: string;
  /** Mounted in this order. */
  readonly mounts?: readonly Mount[];
  readonly hooks?: Hooks;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: Linux;
  /** Hypervisor, kernel and image of a virtual machine; opaque to everything but its driver. */
  readonly vm?: unknown;
}

export interface Root {
  /** Absolute, or relative to the bundle. */
  readonly path: string;
  readonly readonly?: boolean;
}
