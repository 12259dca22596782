// The authorities that this machine trusts. Bun has a list of its own built in and does not read the
// system's, where administrators add theirs.

import { readTextFileIfExists } from "../../sys/file.ts";

/** Debian and Alpine; Fedora; openSUSE; Alpine's other one. As in Go's crypto/x509. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
const BUNDLE_BYTES_MAX = 16 * 1024 * 1024;

/** One PEM text; undefined: the machine has none, and Bun's own list has to do. */
export function systemAuthorities(
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const own = environment["SSL_CERT_FILE"] ?? "";
  for (const path of own === "" ? BUNDLES : [own]) {
    const text = readTextFileIfExists(path, BUNDLE_BYTES_MAX);
    if (text?.includes("-----BEGIN ")) {
      return text;
    }
  }
  return undefined;
}
