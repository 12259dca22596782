// What `ocicat-runtime spec` writes: a shell in the bundle's `rootfs`, locked down as runc's own
// example is (runc 1.5; 1.1 still listed ambient capabilities, which had no effect).

import type { IdMapping, Mount } from "./mount.ts";
import type { Process } from "./process.ts";
import { OCI_VERSION, type Spec } from "./spec.ts";

export interface DefaultSpecOptions {
  /** A container for this user of the host, without root's help. */
  readonly rootless?: { readonly uid: number; readonly gid: number };
  /** Hosts with cgroup v2 alone give the container a cgroup namespace of its own. */
  readonly cgroupNamespace?: boolean;
}

export function defaultSpec(options: DefaultSpecOptions = {}): Spec {
  const { rootless } = options;
  return {
    ociVersion: OCI_VERSION,
    process: PROCESS,
    root: { path: "rootfs", readonly: true },
    hostname: "ocicat",
    mounts: rootless === undefined ? MOUNTS : MOUNTS.map(rootlessMount),
    linux: {
      ...(rootless === undefined
        ? { resources: { devices: [{ allow: false, access: "rwm" }] } }
        : { uidMappings: mapTo(rootless.uid), gidMappings: mapTo(rootless.gid) }),
      namespaces: [
        { type: "pid" },
        ...(rootless === undefined ? [{ type: "network" } as const] : []),
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        ...(options.cgroupNamespace === true ? [{ type: "cgroup" } as const] : []),
        ...(rootless === undefined ? [] : [{ type: "user" } as const]),
      ],
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
    },
  };
}

const CAPABILITIES = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

const PROCESS: Process = {
  terminal: true,
  user: { uid: 0, gid: 0 },
  args: ["sh"],
  env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
  cwd: "/",
  capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
  rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
  noNewPrivileges: true,
};

const MOUNTS: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc" },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  {
    destination: "/dev/mqueue",
    type: "mqueue",
    source: "mqueue",
    options: ["nosuid", "noexec", "nodev"],
  },
  {
    destination: "/sys",
    type: "sysfs",
    source: "sysfs",
    options: ["nosuid", "noexec", "nodev", "ro"],
  },
  {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
  },
];

/**
 * A sysfs needs a network namespace of one's own, so the host's is shown instead; and the group of
 * terminals has no id among the one that is mapped.
 */
function rootlessMount(mount: Mount): Mount {
  if (mount.type === "sysfs") {
    const options = ["rbind", ...(mount.options ?? [])];
    return { destination: "/sys", type: "none", source: "/sys", options };
  }
  if (mount.options === undefined) {
    return mount;
  }
  return { ...mount, options: mount.options.filter((option) => !option.startsWith("gid=")) };
}

function mapTo(hostID: number): readonly IdMapping[] {
  return [{ containerID: 0, hostID, size: 1 }];
}

const MASKED_PATHS = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/sys/firmware",
  "/proc/scsi",
];

const READONLY_PATHS = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
