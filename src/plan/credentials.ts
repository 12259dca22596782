// Who the container's process is: ids, groups, capabilities, and no new privileges.

import {
  PR_CAP_AMBIENT,
  PR_CAP_AMBIENT_CLEAR_ALL,
  PR_CAP_AMBIENT_RAISE,
  PR_SET_KEEPCAPS,
  PR_SET_NO_NEW_PRIVS,
} from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import { CAPABILITIES, type Process } from "../oci/process.ts";
import { named, type ProgramBuilder } from "../program/builder.ts";
import type { AdditionalGroups } from "./additional-groups.ts";
import type { CapabilitySets } from "./capability-sets.ts";
import type { HostFacts } from "./host-facts.ts";

const LINUX_CAPABILITY_VERSION_3 = 0x2008_0522;

/** Drops from the bounding set what the configuration does not have; needs CAP_SETPCAP. */
export function dropBoundingSet(
  program: ProgramBuilder,
  { bounding }: CapabilitySets,
  facts: HostFacts,
): void {
  program.because("process.capabilities.bounding");
  const words = [0, 0];
  for (const number of bounding) {
    const word = number >> 5;
    words[word] = ((words[word] ?? 0) | (1 << (number & 31))) >>> 0;
  }
  const [low = 0, high = 0] = words;
  const text = () => namesOf(bounding);
  const args = [named(low, text), named(high, ""), named(facts.lastCapability, "last")];
  program.control("bound_capabilities", args, {
    describes: "drop capabilities from the bounding set",
  });
}

/** Ids and groups. Capabilities survive the change of the uid until setCapabilities. */
export function setIds(
  program: ProgramBuilder,
  process: Process,
  additionalGroups: AdditionalGroups,
): void {
  const { uid, gid, additionalGids = [], umask } = process.user;
  program.because("process.user");
  program.call("prctl", [named(PR_SET_KEEPCAPS, "SET_KEEPCAPS"), 1, 0, 0, 0]);
  if (additionalGroups === "denied" && additionalGids.length > 0) {
    throw new OcicatError("unsupported", {
      operation: "set",
      subject: "process.user.additionalGids",
      reason: "a user namespace that is mapped without privileges has no setgroups(2)",
    });
  }
  if (additionalGroups === "set") {
    program.because("process.user.additionalGids");
    const list = program.structure(
      new Uint32Array(additionalGids),
      `[${additionalGids.join(", ")}]`,
    );
    program.call("setgroups", [additionalGids.length, list], {
      describes: "set the additional groups",
    });
  }
  program.because("process.user.gid");
  program.call("setresgid", [gid, gid, gid], { describes: () => `become gid ${gid}` });
  program.because("process.user.uid");
  program.call("setresuid", [uid, uid, uid], { describes: () => `become uid ${uid}` });
  if (umask !== undefined) {
    program.because("process.user.umask");
    program.call("umask", [named(umask, `0${umask.toString(8)}`)]);
  }
}

/**
 * The sets of capset(2), the inheritable one only as configured (CVE-2022-29162). `extra` stays
 * effective and permitted until the next call.
 */
export function setCapabilities(
  program: ProgramBuilder,
  { effective, permitted, inheritable }: CapabilitySets,
  extra: number | undefined,
): void {
  program.because("process.capabilities");
  const also = extra === undefined ? [] : [extra];
  const sets = [[...effective, ...also], [...permitted, ...also], [...inheritable]];
  const data = new Uint32Array(6);
  sets.forEach((set, position) => {
    for (const capability of set) {
      const word = position + (capability >= 32 ? 3 : 0);
      data[word] = (data[word] ?? 0) | (1 << (capability & 31));
    }
  });
  const header = new Uint32Array([LINUX_CAPABILITY_VERSION_3, 0]);
  const describeSets = () => {
    const [first = "", second = "", third = ""] = sets.map(namesOf);
    return `{effective ${first}, permitted ${second}, inheritable ${third}}`;
  };
  const args = [program.structure(header, "{VERSION_3}"), program.structure(data, describeSets)];
  program.call("capset", args, { describes: "set the capabilities" });
}

function namesOf(numbers: Iterable<number>): string {
  const names = [...numbers].sort((a, b) => a - b).map((number) => CAPABILITIES[number] ?? number);
  return names.join("|") || "none";
}

/** A capability that is not also permitted and inheritable cannot be ambient: it is left out. */
export function setAmbient(program: ProgramBuilder, capabilities: CapabilitySets): void {
  program.because("process.capabilities.ambient");
  const ambient = named(PR_CAP_AMBIENT, "CAP_AMBIENT");
  program.call("prctl", [ambient, named(PR_CAP_AMBIENT_CLEAR_ALL, "CLEAR_ALL"), 0, 0, 0], {
    caught: { errnos: [Errno.EINVAL] },
  });
  for (const capability of capabilities.ambient) {
    const name = named(capability, CAPABILITIES[capability] ?? `CAP_${capability}`);
    program.call("prctl", [ambient, named(PR_CAP_AMBIENT_RAISE, "RAISE"), name, 0, 0], {
      caught: { errnos: [Errno.EPERM] },
    });
  }
}

export function setNoNewPrivileges(program: ProgramBuilder): void {
  program.because("process.noNewPrivileges");
  program.call("prctl", [named(PR_SET_NO_NEW_PRIVS, "SET_NO_NEW_PRIVS"), 1, 0, 0, 0]);
}
