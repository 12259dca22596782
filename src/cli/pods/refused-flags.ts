// Flags that podman has for `pod create` and that can't be had here: why.

import type { Refusals } from "../parse-command-line.ts";
import { REFUSED_NETWORK_FLAGS } from "../run/refused-flags.ts";

const OWN_PROCESS = { reason: "a pod has a process of ocicat's own, and needs no image for it" };
const OF_CONTAINERS = {
  reason: "containers have it, not the pod",
  hint: "give it to `ocicat run --pod`",
};

export const REFUSED_POD_FLAGS: Refusals = {
  ...REFUSED_NETWORK_FLAGS,
  device: OF_CONTAINERS,
  infra: OWN_PROCESS,
  "infra-command": OWN_PROCESS,
  "infra-conmon-pidfile": OWN_PROCESS,
  "infra-image": OWN_PROCESS,
  "infra-name": OWN_PROCESS,
  "security-opt": OF_CONTAINERS,
  "share-parent": { reason: "the cgroups of its containers are below the pod's own" },
  volume: OF_CONTAINERS,
  v: OF_CONTAINERS,
  "volumes-from": OF_CONTAINERS,
};
