// features: what this runtime supports, whatever the host does. Source: features.md and
// features-linux.md of the runtime specification.

import packageFile from "../../package.json" with { type: "json" };
import type { Features } from "../oci/features.ts";
import { MEMORY_POLICY_FLAGS, MEMORY_POLICY_MODES, NAMESPACE_TYPES } from "../oci/linux.ts";
import { MOUNT_OPTIONS } from "../oci/mount-options.ts";
import { CAPABILITIES } from "../oci/process.ts";
import { SECCOMP_ACTIONS, SECCOMP_FLAGS, SECCOMP_OPERATORS } from "../oci/seccomp.ts";
import { OCI_VERSION } from "../oci/spec.ts";
import { KEEP_GROUPS_ANNOTATION } from "../plan/additional-groups.ts";

const HOOKS = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
];

/** Those that the seccomp compiler has tables for. */
const SECCOMP_ARCHITECTURES = [
  "SCMP_ARCH_X86",
  "SCMP_ARCH_X86_64",
  "SCMP_ARCH_X32",
  "SCMP_ARCH_AARCH64",
  "SCMP_ARCH_ARM",
];

/**
 * systemd unit properties: whoever may set these can run programs as root. And the groups of an ordinary user,
 * which let a container have that user's files.
 */
const UNSAFE_ANNOTATIONS = ["org.systemd.property.", KEEP_GROUPS_ANNOTATION];

export function features(): Features {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: OCI_VERSION,
    hooks: HOOKS,
    mountOptions: MOUNT_OPTIONS,
    linux: {
      namespaces: [...NAMESPACE_TYPES].sort(),
      capabilities: CAPABILITIES,
      cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: true },
      seccomp: {
        enabled: true,
        actions: SECCOMP_ACTIONS,
        operators: SECCOMP_OPERATORS,
        archs: SECCOMP_ARCHITECTURES,
        knownFlags: SECCOMP_FLAGS,
        supportedFlags: SECCOMP_FLAGS,
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: true, schemata: true, monitoring: true },
      memoryPolicy: { modes: MEMORY_POLICY_MODES, flags: MEMORY_POLICY_FLAGS },
      mountExtensions: { idmap: { enabled: true } },
      netDevices: { enabled: true },
    },
    annotations: {
      "io.ocicat.version": packageFile.version,
      "io.ocicat.checkpoint.enabled": "false",
      // What runc's clients look for.
      "org.opencontainers.runc.checkpoint.enabled": "false",
    },
    potentiallyUnsafeConfigAnnotations: UNSAFE_ANNOTATIONS,
  };
}
