// The flags of `ocicat run` that choose namespaces, devices and kernel parameters.

import type { FlagTable } from "../flags.ts";

export const NAMESPACE_FLAGS = {
  network: {
    kind: "text",
    aliases: ["net"],
    value: "MODE",
    help: "none (the default: loopback alone), host, container:NAME, ns:PATH",
  },
  ipc: {
    kind: "text",
    value: "MODE",
    help: "private, none (without /dev/shm), host, container:NAME",
    mayBeEmpty: true,
  },
  pid: { kind: "text", value: "MODE", help: "private, host, container:NAME", mayBeEmpty: true },
  uts: { kind: "text", value: "MODE", help: "private, host, container:NAME", mayBeEmpty: true },
  cgroupns: { kind: "text", value: "MODE", help: "private, host", mayBeEmpty: true },
  sysctl: { kind: "list", value: "NAME=VALUE", help: "a kernel parameter of its namespaces" },
  "shm-size": { kind: "text", value: "SIZE", help: "of /dev/shm; 64m by default" },
  device: {
    kind: "list",
    value: "HOST[:INSIDE[:rwm]]",
    help: "a device of the host, or a folder of them",
  },
  "device-cgroup-rule": {
    kind: "list",
    value: "RULE",
    help: "devices that it may use: 'c 189:* rwm'",
  },
} as const satisfies FlagTable;
