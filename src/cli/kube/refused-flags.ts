// Flags that podman has for `kube play` and `kube generate` and that can't be had here: why.

import type { Refusals } from "../parse-command-line.ts";
import { BUILDING, NO_ADDRESSES, NO_PORTS } from "../shared-refusals.ts";

const FETCHED_BEFORE = {
  reason: "images are fetched as the settings and logins say",
  hint: "`ocicat pull` has this flag: get the images first, or `ocicat login`",
};
const KEPT_IN_FILES = { reason: "output is kept in files", hint: "`ocicat logs` shows it" };

export const REFUSED_PLAY_FLAGS: Refusals = {
  annotation: { reason: "a pod has the annotations of its file", hint: "metadata.annotations" },
  authfile: FETCHED_BEFORE,
  build: BUILDING,
  "cert-dir": FETCHED_BEFORE,
  "context-dir": BUILDING,
  creds: FETCHED_BEFORE,
  down: { reason: "it is a command of its own", hint: "ocicat kube down FILE" },
  ip: NO_ADDRESSES,
  "log-driver": KEPT_IN_FILES,
  "log-opt": KEPT_IN_FILES,
  "mac-address": NO_ADDRESSES,
  "no-hosts": { reason: "a pod has an /etc/hosts with the hostAliases of its file" },
  publish: NO_PORTS,
  "publish-all": NO_PORTS,
  "seccomp-profile-root": {
    reason: "a profile is named by its path in the file",
    hint: "seccompProfile.localhostProfile",
  },
  "tls-verify": FETCHED_BEFORE,
  userns: { reason: "the users of a file's pods have no ids of their own" },
};

export const REFUSED_GENERATE_FLAGS: Refusals = {
  service: NO_PORTS,
  s: NO_PORTS,
  type: { reason: "a Pod document is written" },
  t: { reason: "a Pod document is written" },
};
