// Flags that docker or podman have for `run` and that can't be had here: why. Read only when one is given.

import type { Refusals } from "../parse-command-line.ts";
import { NO_ADDRESSES, NO_PORTS, ONE_PATIENCE } from "../shared-refusals.ts";

const FIVE_PROBES = { reason: "the last five probes are kept, in the container's folder" };
const WINDOWS = { reason: "it is about containers of Windows" };

/** Of namespaces: those that `pod create` refuses, too. */
export const REFUSED_NETWORK_FLAGS: Refusals = {
  publish: NO_PORTS,
  p: NO_PORTS,
  "publish-all": NO_PORTS,
  P: NO_PORTS,
  ip: NO_ADDRESSES,
  ip6: NO_ADDRESSES,
  "mac-address": NO_ADDRESSES,
  "network-alias": NO_ADDRESSES,
  link: NO_ADDRESSES,
  "link-local-ip": NO_ADDRESSES,
};

export const REFUSED_RUN_FLAGS: Refusals = {
  ...REFUSED_NETWORK_FLAGS,
  "cert-dir": { reason: "certificates are looked for where docker and podman keep them" },
  chrootdirs: { reason: "files are placed in the container's root alone" },
  "cpu-count": WINDOWS,
  "cpu-percent": WINDOWS,
  "decryption-key": { reason: "encrypted images are not known" },
  gpus: {
    reason: "devices that a driver describes are not known",
    hint: "--device gives single devices",
  },
  "health-log-destination": FIVE_PROBES,
  "health-max-log-count": FIVE_PROBES,
  "health-max-log-size": FIVE_PROBES,
  "init-ctr": {
    reason: "containers of a pod start when they are asked to",
    hint: "run it before the others; kube play has initContainers",
  },
  "io-maxbandwidth": WINDOWS,
  "io-maxiops": WINDOWS,
  "kernel-memory": { reason: "the kernel has no such limit any more", hint: "--memory counts it" },
  "preserve-fd": {
    reason: "descriptors are passed on in a row",
    hint: "--preserve-fds 2 passes 3 and 4 on",
  },
  "rdt-class": { reason: "classes of Intel RDT are not joined" },
  retry: ONE_PATIENCE,
  "retry-delay": ONE_PATIENCE,
  runtime: { reason: "ocicat runs containers itself" },
  "shm-size-systemd": { reason: "nothing is prepared for systemd in a container" },
  "storage-opt": { reason: "the store has no quotas" },
  timeout: {
    reason: "no process watches the time of a container",
    hint: "timeout(1) before the command does",
  },
  "use-api-socket": { reason: "there is no API to give a container" },
  "volume-driver": { reason: "there is no driver but local" },
};
