// What a container may do: its capabilities and its seccomp profile, from the defaults of the peers and
// what was asked for.

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Linux } from "../oci/linux.ts";
import { decodeSeccompProfile } from "../oci/parse/config.ts";
import { CAPABILITIES } from "../oci/process.ts";
import type { SeccompProfile } from "../oci/seccomp.ts";
import { call } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { readTextFile } from "../sys/file.ts";
import { defaultSeccomp } from "./default-seccomp.ts";
import { resolveProfile } from "./docker-seccomp.ts";

export interface RunSecurity {
  /** "NET_ADMIN", "CAP_NET_ADMIN" or "ALL". */
  readonly addedCapabilities: readonly string[];
  readonly droppedCapabilities: readonly string[];
  /** A profile as config.json or docker has it, as text. */
  readonly seccomp: "default" | "unconfined" | { readonly profile: string };
  readonly noNewPrivileges: boolean;
  /** Every capability that we have, all devices, no filter, nothing hidden. */
  readonly privileged?: boolean;
  /** A profile of AppArmor's, or "unconfined"; absent: the default one, where the host has AppArmor. */
  readonly apparmor?: string;
  /** Paths that are hidden beside those that always are. */
  readonly hidden?: readonly string[];
  /** Those of them that are not: paths, with "*" as the last name for all below. */
  readonly shown?: "all" | readonly string[];
  /** Mount options of /proc: "hidepid=2". */
  readonly procOptions?: readonly string[];
}

export const DEFAULT_SECURITY: RunSecurity = {
  addedCapabilities: [],
  droppedCapabilities: [],
  seccomp: "default",
  noNewPrivileges: false,
};

/** Those that docker and podman give a container. */
const DEFAULT_CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

/** What is added wins over what is dropped, but for "ALL". Throws "invalid-argument" for a wrong name. */
export function runCapabilities(security: RunSecurity): readonly string[] {
  const added = security.addedCapabilities.map(capabilityName);
  const dropped = security.droppedCapabilities.map(capabilityName);
  const base = baseCapabilities(security, added);
  const kept = dropped.includes("ALL") ? [] : base.filter((name) => !dropped.includes(name));
  const more = added.filter((name) => name !== "ALL");
  return [...new Set([...kept, ...more])].toSorted();
}

function baseCapabilities(
  { privileged }: RunSecurity,
  added: readonly string[],
): readonly string[] {
  if (privileged === true) {
    return ownCapabilities();
  }
  return added.includes("ALL") ? CAPABILITIES : DEFAULT_CAPABILITIES;
}

/** An ordinary user has all of them in a user namespace. */
function ownCapabilities(): readonly string[] {
  if (call("geteuid") !== 0) {
    return CAPABILITIES;
  }
  const [, digits = "0"] = /^CapPrm:\s*(\w+)$/m.exec(readTextFile("/proc/self/status")) ?? [];
  const set = BigInt(`0x${digits}`);
  return CAPABILITIES.filter((_, number) => ((set >> BigInt(number)) & 1n) === 1n);
}

function capabilityName(text: string): string {
  const name = text.toUpperCase();
  const full = name === "ALL" || name.startsWith("CAP_") ? name : `CAP_${name}`;
  if (full !== "ALL" && !CAPABILITIES.some((each) => each === full)) {
    throw new OcicatError("invalid-argument", {
      operation: "give",
      subject: `the capability ${quote(text)}`,
      reason: "there is none of this name",
    });
  }
  return full;
}

/** Undefined: no profile. */
export function runSeccomp(
  { seccomp, privileged }: RunSecurity,
  capabilities: readonly string[],
): SeccompProfile | undefined {
  const isUnconfined = privileged === true && seccomp === "default";
  if (seccomp === "unconfined" || isUnconfined) {
    return undefined;
  }
  return seccomp === "default"
    ? defaultSeccomp(capabilities, hostArchitecture.name)
    : decodeSeccompProfile(
        resolveProfile(seccomp.profile, {
          capabilities,
          processor: hostArchitecture.name,
          kernel: readTextFile("/proc/sys/kernel/osrelease"),
        }),
      );
}

/** What of /proc and /sys is hidden from the container or can't be written. */
export function runProtection(
  { privileged, hidden = [], shown = [] }: RunSecurity,
  base: Pick<Linux, "maskedPaths" | "readonlyPaths"> = {},
): Pick<Linux, "maskedPaths" | "readonlyPaths"> {
  const isShown = (path: string): boolean =>
    privileged === true || shown === "all" || shown.some((pattern) => matches(pattern, path));
  const kept = (paths: readonly string[] = []) => paths.filter((path) => !isShown(path));
  // From the use of power secrets of others can be worked out (CVE-2020-8694): the peers hide it, but not runc.
  return {
    maskedPaths: [...kept(base.maskedPaths), ...kept(["/sys/devices/virtual/powercap"]), ...hidden],
    readonlyPaths: kept(base.readonlyPaths),
  };
}

/** "/proc/*" is all below /proc. */
function matches(pattern: string, path: string): boolean {
  return pattern.endsWith("/*") ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
