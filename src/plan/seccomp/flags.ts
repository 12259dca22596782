// The flags that a filter is loaded with. A profile that does not mention flags, not even an empty list,
// gets SPEC_ALLOW, as runc has it since 1.2: the mitigation of speculative store bypass that it switches
// off costs more than it protects (and kernels since 5.16 have it off by default).

import * as kernel from "../../abi/seccomp.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { SeccompFlag, SeccompProfile } from "../../oci/seccomp.ts";

const FLAG_VALUES: Readonly<Record<SeccompFlag, number>> = {
  // The filter is loaded by a process of one thread: there is nothing to synchronise, and with a
  // listener the kernel would refuse the flag. runc leaves it out too.
  SECCOMP_FILTER_FLAG_TSYNC: 0,
  SECCOMP_FILTER_FLAG_LOG: kernel.SECCOMP_FILTER_FLAG_LOG,
  SECCOMP_FILTER_FLAG_SPEC_ALLOW: kernel.SECCOMP_FILTER_FLAG_SPEC_ALLOW,
  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: kernel.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
};

export interface FilterFlags {
  /** SECCOMP_FILTER_FLAG_* together. */
  readonly value: number;
  readonly warnings: readonly string[];
}

export function filterFlags(profile: SeccompProfile, kernelFlags: number | undefined): FilterFlags {
  const warnings: string[] = [];
  const notifies = (profile.syscalls ?? []).some(({ action }) => action === "SCMP_ACT_NOTIFY");
  let value = notifies ? kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
  for (const [index, flag] of requestedFlags(profile, kernelFlags).entries()) {
    const path = `linux.seccomp.flags[${index}]`;
    if (flag === "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV" && !notifies) {
      warnings.push(`${path}: ${flag} means nothing without SCMP_ACT_NOTIFY: ignored`);
      continue;
    }
    refuseUnlessKnown(FLAG_VALUES[flag], kernelFlags, { flag, path });
    value |= FLAG_VALUES[flag];
  }
  return { value, warnings };
}

function requestedFlags(
  { flags }: SeccompProfile,
  kernelFlags: number | undefined,
): readonly SeccompFlag[] {
  const isKnown = ((kernelFlags ?? -1) & kernel.SECCOMP_FILTER_FLAG_SPEC_ALLOW) !== 0;
  return flags ?? (isKnown ? ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"] : []);
}

function refuseUnlessKnown(
  value: number,
  kernelFlags: number | undefined,
  { flag, path }: { flag: string; path: string },
): void {
  if (kernelFlags !== undefined && (value & ~kernelFlags) !== 0) {
    throw new OcicatError("unsupported", {
      operation: "compile",
      subject: path,
      reason: `this kernel does not know ${flag}`,
    });
  }
}
