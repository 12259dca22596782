// From a prepared environment to the container's process: what `create` and `exec` have in common.
//
// The order bites: the bounding set and the ids change while all capabilities are still there; the
// seccomp filter comes last, so that as few calls as possible have to pass it. Without
// noNewPrivileges it can be loaded only with CAP_SYS_ADMIN, so that one is given up right behind it.

import { Errno } from "../error/errno.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Process } from "../oci/process.ts";
import type { Spec } from "../oci/spec.ts";
import { named, type ProgramBuilder } from "../program/builder.ts";
import type { Register } from "../program/program.ts";
import type { AdditionalGroups } from "./additional-groups.ts";
import { CAP_SYS_ADMIN, capabilitySets } from "./capability-sets.ts";
import {
  dropBoundingSet,
  setAmbient,
  setCapabilities,
  setIds,
  setNoNewPrivileges,
} from "./credentials.ts";
import {
  closeOtherDescriptors,
  enterWorkingDirectory,
  execute,
  type FoundProgram,
  findProgram,
} from "./execute.ts";
import { CALLS_OF_INIT, type HostFacts } from "./host-facts.ts";
import { becomeInit, forkBelowInit, type InitProcess } from "./init-process.ts";
import { writeProc } from "./kernel-settings.ts";
import {
  setIoPriority,
  setMemoryPolicy,
  setOomScore,
  setPersonality,
  setRlimits,
  setScheduler,
} from "./process-limits.ts";
import { awaitListenerSender } from "./seccomp-listener.ts";
import { loadSeccomp } from "./seccomp-load.ts";
import { requireSecurityModule } from "./security-modules.ts";

export interface ProcessPlan {
  readonly program: ProgramBuilder;
  readonly process: Process;
  readonly spec: Spec;
  readonly facts: HostFacts;
  readonly id: string;
  readonly additionalGroups: AdditionalGroups;
  /** Where the process may have every capability, whatever the runtime has. */
  readonly inUserNamespace: boolean;
  /** The stage has set the rlimits and the OOM score from outside. */
  readonly limitedByStage: boolean;
  readonly preserveFds: number;
  readonly noNewKeyring: boolean;
  /** Absent: the process is init itself. */
  readonly init?: InitProcess;
}

const KEYCTL_JOIN_SESSION_KEYRING = 1;
const KEYCTL_SETPERM = 5;
/** The kernel's default for a session keyring, and search permission for its owner. */
const KEYRING_PERMISSIONS = 0x3f1b_0000;

/** What goes through the host's procfs; children inherit all of it until their execve. */
export function writeThroughProc(plan: ProcessPlan, proc: Register): void {
  if (!plan.limitedByStage) {
    setOomScore(plan.program, plan.process, proc);
  }
  setSecurityLabels(plan, proc);
}

/** Limits and places; needs the privileges that the process may not keep. */
export function limitProcess(plan: ProcessPlan): void {
  const { program, process, spec } = plan;
  if (!plan.limitedByStage) {
    setRlimits(program, process.rlimits ?? []);
  }
  if (process.scheduler !== undefined) {
    setScheduler(program, process.scheduler);
  }
  if (process.ioPriority !== undefined) {
    setIoPriority(program, process.ioPriority);
  }
  if (spec.linux?.memoryPolicy !== undefined) {
    setMemoryPolicy(program, spec.linux.memoryPolicy);
  }
  if (spec.linux?.personality !== undefined) {
    setPersonality(program, spec.linux.personality);
  }
  joinKeyring(plan);
}

function joinKeyring({ program, id, noNewKeyring }: ProcessPlan): void {
  if (noNewKeyring) {
    return;
  }
  program.because("process");
  const unsupported = program.label();
  const join = named(KEYCTL_JOIN_SESSION_KEYRING, "JOIN_SESSION_KEYRING");
  const keyring = program.call("keyctl", [join, program.text(`_ses.${id}`)], {
    result: "keyring",
    caught: { errnos: [Errno.ENOSYS], target: unsupported },
    describes: "join a session keyring of the container's own",
  });
  const permissions = named(KEYRING_PERMISSIONS, `0x${KEYRING_PERMISSIONS.toString(16)}`);
  program.call("keyctl", [named(KEYCTL_SETPERM, "SETPERM"), keyring, permissions], {
    describes: "set the permissions of the session keyring",
  });
  program.place(unsupported);
  program.forget(keyring);
}

function setSecurityLabels({ program, process, facts }: ProcessPlan, proc: Register): void {
  const { apparmorProfile, selinuxLabel } = process;
  if (apparmorProfile !== undefined && apparmorProfile !== "") {
    program.because("process.apparmorProfile");
    requireSecurityModule(facts.security.apparmor, "AppArmor", "process.apparmorProfile");
    writeProc(program, proc, "self/attr/apparmor/exec", `exec ${apparmorProfile}`);
  }
  if (selinuxLabel !== undefined && selinuxLabel !== "") {
    program.because("process.selinuxLabel");
    requireSecurityModule(facts.security.selinux, "SELinux", "process.selinuxLabel");
    writeProc(program, proc, "self/attr/exec", selinuxLabel);
  }
}

/** The user, without yet the last of the privileges. What is found here is executed by executeProcess. */
export function becomeUser(plan: ProcessPlan): FoundProgram {
  const { program, process, facts, additionalGroups } = plan;
  if (process.noNewPrivileges === true) {
    setNoNewPrivileges(program);
  }
  const sets = capabilitySets(process.capabilities ?? {}, facts, plan.inUserNamespace);
  dropBoundingSet(program, sets, facts);
  setIds(program, process, additionalGroups);
  setCapabilities(program, sets, needsSysAdmin(plan) ? CAP_SYS_ADMIN : undefined);
  setAmbient(program, sets);
  enterWorkingDirectory(program, process);
  return findProgram(program, process);
}

/** Loading a filter needs CAP_SYS_ADMIN, or the promise not to gain privileges. */
function needsSysAdmin({ process, facts }: ProcessPlan): boolean {
  return facts.seccomp !== undefined && process.noNewPrivileges !== true;
}

/** `prepareListener`: called before a filter with notifications is loaded. */
export function executeProcess(
  plan: ProcessPlan,
  found: FoundProgram,
  prepareListener: () => Register | undefined,
): void {
  const { program, process, facts } = plan;
  closeOtherDescriptors(program, plan.preserveFds);
  if (facts.seccomp !== undefined) {
    checkCallsBehindFilter(plan);
  }
  const fork = plan.init === undefined ? undefined : forkBelowInit(program, plan.init);
  passFilter(plan, facts.seccomp?.notifies === true ? prepareListener() : undefined);
  execute(program, process, found);
  if (fork !== undefined) {
    program.endFork(fork.parent);
    program.because("process");
    if (facts.seccomp?.notifies !== true) {
      passFilter(plan, undefined);
    }
    becomeInit(program, fork.child);
  }
}

/** `sender`: what hands the descriptor of a filter with notifications out. */
function passFilter(plan: ProcessPlan, sender: Register | undefined): void {
  const { program, process, facts } = plan;
  if (facts.seccomp === undefined) {
    return;
  }
  loadSeccomp(program, facts.seccomp);
  if (sender !== undefined) {
    awaitListenerSender(program, sender, facts.seccomp.blocked.wait4 !== undefined);
  }
  if (needsSysAdmin(plan)) {
    const sets = capabilitySets(process.capabilities ?? {}, facts, plan.inUserNamespace);
    setCapabilities(program, sets, undefined);
  }
}

/** Names the rule that would stop the runtime itself between the filter and the process. */
function checkCallsBehindFilter({ process, facts, init }: ProcessPlan): void {
  const { seccomp } = facts;
  const calls = [
    ...(process.noNewPrivileges === true ? [] : (["capset"] as const)),
    "execve" as const,
    ...(init === undefined || seccomp?.notifies === true
      ? []
      : [...CALLS_OF_INIT, "wait4" as const]),
  ];
  for (const name of calls) {
    const rule = seccomp?.blocked[name];
    if (rule !== undefined) {
      throw new OcicatError("invalid-config", {
        operation: "load",
        subject: "linux.seccomp",
        reason: `${rule} does not allow ${name}, which has to come after the filter`,
        ...(name === "capset" ? { hint: "set process.noNewPrivileges, or allow capset" } : {}),
      });
    }
  }
}
