// Flags of commands that speak with registries.

import type { RegistryAccess } from "../../engine/images/transfer-options.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { absolutePath } from "../absolute-path.ts";
import type { FlagsOf } from "../flags.ts";

export const REGISTRY_FLAGS = {
  "tls-verify": {
    kind: "switch",
    help: "=false: do not check certificates, and try plain HTTP",
  },
  authfile: { kind: "text", value: "FILE", help: "file of passwords, in place of the user's" },
} as const;

export const CREDENTIAL_FLAGS = {
  creds: { kind: "text", value: "USER:PASSWORD", help: "for this time, in place of a login" },
  ...REGISTRY_FLAGS,
} as const;

/** By the name that docker and nerdctl have for it. */
export const FOREIGN_LAYERS_FLAG = {
  "allow-nondistributable-artifacts": {
    kind: "switch",
    help: "also layers whose owners do not let them be passed on",
  },
} as const;

/** Docker's word for --tls-verify=false. */
export const INSECURE_FLAG = {
  insecure: { kind: "switch", help: "for docker's sake: as --tls-verify=false" },
} as const;

export function insecureAccess(
  flags: FlagsOf<typeof CREDENTIAL_FLAGS & typeof INSECURE_FLAG>,
): RegistryAccess {
  const access = registryAccess(flags);
  return flags.switch("insecure") ? { ...access, tlsVerify: false } : access;
}

export function tlsVerify(flags: FlagsOf<typeof REGISTRY_FLAGS>): boolean | undefined {
  return flags.isSet("tls-verify") ? flags.switch("tls-verify") : undefined;
}

/** `path`: of --authfile. */
export function authFile(path: string | undefined): string | undefined {
  return path === undefined ? undefined : absolutePath(path);
}

export function registryAccess(flags: FlagsOf<typeof CREDENTIAL_FLAGS>): RegistryAccess {
  return {
    tlsVerify: tlsVerify(flags),
    authFile: authFile(flags.text("authfile")),
    credential: credentialOf(flags.text("creds")),
  };
}

/** `text`: USER:PASSWORD, of the flag. */
export function credentialOf(
  text: string | undefined,
  flag = "--creds",
): RegistryAccess["credential"] {
  if (text === undefined) {
    return undefined;
  }
  const colon = text.indexOf(":");
  if (colon < 1) {
    throw new OcicatError("invalid-argument", {
      operation: "use",
      subject: flag,
      reason: "it is not of the form USER:PASSWORD",
    });
  }
  return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1) };
}
