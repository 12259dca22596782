// Flags that docker or podman have for commands on images and that can't be had here: why.

import type { Refusals } from "../parse-command-line.ts";
import { ONE_PATIENCE } from "../shared-refusals.ts";

const SIGNING = {
  reason: "images are not signed here",
  hint: "cosign signs what is in a registry; --referrers copies signatures",
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
  compress: {
    reason: "it is about folders, which are not pushed to",
    hint: "--compression-format says how layers are compressed",
  },
  "encryption-key": { reason: "images are not encrypted" },
  "encrypt-layer": { reason: "images are not encrypted" },
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
