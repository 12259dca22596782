// Flags that docker or podman have for commands on images and that can't be had here: why.

import type { Refusals } from "../parse-command-line.ts";
import { ONE_PATIENCE } from "../shared-refusals.ts";

const SIGNING = {
  reason: "images are not signed here",
  hint: "cosign signs what is in a registry; --referrers copies signatures",
};
const AS_STORED = {
  reason: "an image goes byte for byte as it is here",
  hint: "`ocicat convert` makes another form of it first",
};

/** Of whoever speaks with a registry. */
export const REFUSED_REGISTRY_FLAGS: Refusals = {
  "cert-dir": {
    reason: "certificates are looked for where docker and podman keep them",
    hint: "`ocicat info` shows where",
  },
  "decryption-key": { reason: "encrypted images are not known" },
  retry: ONE_PATIENCE,
  "retry-delay": ONE_PATIENCE,
};

export const REFUSED_PUSH_FLAGS: Refusals = {
  ...REFUSED_REGISTRY_FLAGS,
  compress: AS_STORED,
  "compression-format": AS_STORED,
  "compression-level": AS_STORED,
  "encryption-key": { reason: "images are not encrypted" },
  "encrypt-layer": { reason: "images are not encrypted" },
  "force-compression": AS_STORED,
  format: AS_STORED,
  f: AS_STORED,
  "sign-by": SIGNING,
  "sign-by-sigstore": SIGNING,
  "sign-by-sigstore-private-key": SIGNING,
  "sign-passphrase-file": SIGNING,
};

export const REFUSED_SAVE_FLAGS: Refusals = {
  compress: {
    reason: "layers are written as they came",
    hint: "`ocicat convert --compression gzip` makes an image with compressed ones",
  },
};

const IN_LAYERS = {
  reason: "layers of the image are shared, not copied",
  hint: "`ocicat export CONTAINER | ocicat import - NAME` makes an image of one layer",
};

export const REFUSED_COMMIT_FLAGS: Refusals = {
  "include-volumes": {
    reason: "what is mounted in a container is no part of an image",
    hint: "`ocicat volume export` writes a volume to an archive",
  },
  squash: IN_LAYERS,
  s: IN_LAYERS,
};
