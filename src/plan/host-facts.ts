// What the plan compiler knows of the host: gathered by src/host before the compilation, so that the
// compiler itself touches nothing.

import type { Architecture } from "../abi/architecture.ts";

export interface HostFacts {
  readonly architecture: Architecture;
  /** The ids of the runtime itself. */
  readonly uid: number;
  readonly gid: number;
  /** CAP_SYS_ADMIN over the host's namespaces. Without it every privilege comes from a user namespace. */
  readonly privileged: boolean;
  /** The runtime's own effective capabilities, by number. */
  readonly capabilities: ReadonlySet<number>;
  /** Where newuidmap and newgidmap are, for a user namespace that root does not make. */
  readonly idMapPrograms: { readonly uid: string; readonly gid: string } | undefined;
  /** The highest capability that the kernel knows: /proc/sys/kernel/cap_last_cap. */
  readonly lastCapability: number;
  /** Overlayfs does: Linux 6.8. An older one would say in its log that it doesn't. */
  readonly takesLayersOneByOne: boolean;
  readonly security: { readonly apparmor: boolean; readonly selinux: boolean };
  /** cgroup file systems, for mounts of type "cgroup". */
  readonly cgroup: CgroupMountFacts;
  /** By index in `mounts`: what kind of file each bind mount's source is. */
  readonly bindSources: ReadonlyMap<number, BindSource>;
  /**
   * Paths of the container (mount destinations) that lead through links to nothing: where they end,
   * resolved inside the root. Only a hint: the program verifies every step.
   */
  readonly resolvedDestinations: ReadonlyMap<string, string>;
  /**
   * What masked and read-only paths below a procfs or sysfs of the container are on the host, and so
   * most likely there. A hint that keeps programs short: where it is wrong, the program fails.
   */
  readonly kernelPaths: ReadonlyMap<string, PathKind>;
  /** By index in `mounts`: the files of the image under the destination of a tmpcopyup mount. */
  readonly copyUp: ReadonlyMap<number, readonly CopiedFile[]>;
  /** The compiled `linux.seccomp`. */
  readonly seccomp: SeccompFacts | undefined;
  /** Indices of netDevices' interfaces in the runtime's network namespace, by name. */
  readonly interfaces: ReadonlyMap<string, number>;
  /** Their permanent, global addresses, by name; absent: they have none. */
  readonly interfaceAddresses?: ReadonlyMap<string, readonly InterfaceAddress[]>;
}

export interface InterfaceAddress {
  /** AF_INET or AF_INET6. */
  readonly family: number;
  readonly prefixLength: number;
  /** The netlink attributes IFA_* that make it, as the kernel has them. */
  readonly attributes: readonly { readonly type: number; readonly value: Uint8Array }[];
}

export interface SeccompFacts {
  /** An array of struct sock_filter. */
  readonly filter: Uint8Array;
  /** SECCOMP_FILTER_FLAG_*. */
  readonly flags: number;
  /** Loading it returns a descriptor for the profile's agent. */
  readonly notifies: boolean;
  /** Of the calls that have to come after the filter those that it stops, with the rule that does. */
  readonly blocked: Readonly<Partial<Record<CallBehindFilter | "wait4", string>>>;
}

/** What init needs that is not the container's process, beside `wait4`: see init-process.ts. */
export const CALLS_OF_INIT = ["prctl", "close_range", "rt_sigtimedwait", "kill"] as const;
export const CALLS_BEHIND_FILTER = ["capset", "execve", ...CALLS_OF_INIT] as const;
export type CallBehindFilter = (typeof CALLS_BEHIND_FILTER)[number];

export type PathKind = "directory" | "file" | "missing";
export type BindSource = PathKind;

export interface CopiedFile {
  /** Relative to the mount's destination. */
  readonly path: string;
  readonly type: "directory" | "file" | "symlink" | "node" | "other";
  /** Permissions; of a node (a device or a FIFO) its type too, as st_mode. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Of a symbolic link. */
  readonly target?: string;
  /** Of a device. */
  readonly device?: { readonly major: number; readonly minor: number };
}

export interface CgroupMountFacts {
  readonly layout: "v1" | "v2" | "hybrid";
  readonly hierarchies: readonly {
    readonly mountPoint: string;
    readonly controllers: readonly string[];
  }[];
  /** Where the v2 tree is mounted. */
  readonly unified?: string;
}
