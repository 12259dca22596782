// What the stage does in the host's namespaces, before and after it clones init.

import {
  CLONE_INTO_CGROUP,
  CLONE_PIDFD,
  P_ALL,
  P_PID,
  PR_SET_DUMPABLE,
  WEXITED,
} from "../abi/process.ts";
import { Errno } from "../error/errno.ts";
import type { NamespaceType } from "../oci/linux.ts";
import { flags, named, offsetOf, type ProgramBuilder } from "../program/builder.ts";
import type { DataReference, Register } from "../program/program.ts";
import { openOuterBindSources } from "./bind-sources.ts";
import { CGROUP_FIELD, cloneArguments } from "./clone.ts";
import { CURRENT_DIRECTORY, forInit, type PlanContext } from "./context.ts";
import { OPEN_NAMES } from "./flag-names.ts";
import { type Handover, type KeptProcess, takeOver } from "./handover.ts";
import { holdProcess } from "./hold.ts";
import { openIdMappedRoot } from "./id-mapped-root.ts";
import { writeIdMaps } from "./id-maps.ts";
import { openSocketPair, sendDescriptor } from "./messages.ts";
import { joinNamespaces, makeTimeNamespace, type NamespacePlan } from "./namespaces.ts";
import { moveNetDevices } from "./net-devices.ts";
import { outerLimits } from "./process-limits.ts";
import { REPORT_PID } from "./reports.ts";
import type { HoldEnd } from "./request.ts";
import { openStartSocket, type StartPlace } from "./start-socket.ts";
import { planStdio, type Stdio } from "./stdio.ts";

/** What the stage has made for itself and init. */
export interface StageShared {
  readonly cloneArguments: DataReference;
  /** The directory of the cgroup that the clone is born in. */
  readonly cgroup: Register | undefined;
  readonly pidfdRoom: DataReference;
  /** Two connected sockets, where init has to wait for the stage. */
  readonly sync: { readonly stage: Register; readonly init: Register } | undefined;
  readonly start: StartPlace | undefined;
  readonly stdio: Stdio;
}

export function planStageBeforeClone(context: PlanContext, namespaces: NamespacePlan): StageShared {
  const { program, request } = context;
  hardenStage(program, request);
  if (namespaces.newTime === "by-stage") {
    makeTimeNamespace(program, request.spec);
  }
  const stdio = planStdio(context, namespaces);
  openOuterBindSources(context, namespaces.user !== "host");
  openIdMappedRoot(context);
  const sync = needsSync(context, namespaces) ? openSyncSockets(program) : undefined;
  const start = request.end.kind === "create" ? openStartSocket(context) : undefined;
  const pidfdRoom = program.space(8, "pidfd");
  const throughMiddle = namespaces.user === "joined";
  const clone = planClone(context, throughMiddle ? 0 : namespaces.cloned, pidfdRoom);
  if (!throughMiddle) {
    joinNamespaces(program, namespaces.joinedByStage);
  }
  program.because("linux.namespaces");
  const { args, cgroup } = clone;
  return { cloneArguments: args, cgroup, pidfdRoom, sync, start, stdio };
}

/**
 * Default signals, whatever the caller ignores: services of systemd and conmon ignore SIGPIPE, and a
 * program that nobody reads any more would go on for ever. And nothing for others to attach to: a process
 * in a joined namespace must not reach us through ptrace or /proc (CVE-2016-9962). A rootless stage
 * stays dumpable: else the files by which it writes the id maps would belong to root.
 */
export function hardenStage(
  program: ProgramBuilder,
  request: Pick<PlanContext["request"], "facts">,
): void {
  program.because("process");
  program.control("reset_signals", [0, 0]);
  if (request.facts.privileged) {
    program.call("prctl", [named(PR_SET_DUMPABLE, "SET_DUMPABLE"), 0, 0, 0, 0]);
  }
}

function needsSync({ request }: PlanContext, namespaces: NamespacePlan): boolean {
  return namespaces.user === "new" || request.facts.interfaces.size > 0;
}

function openSyncSockets(program: ProgramBuilder): StageShared["sync"] {
  program.because("linux.namespaces");
  const [stage, init] = openSocketPair(program, "syncStage", "syncInit");
  return { stage, init };
}

/** struct clone_args of init; on cgroup v2 it is born in its cgroup. */
export function planClone(
  context: Pick<PlanContext, "program"> & {
    readonly request: Pick<PlanContext["request"], "cgroup">;
  },
  namespaceFlags: number,
  pidfdRoom: DataReference,
): Pick<StageShared, "cgroup"> & { readonly args: DataReference } {
  const { program, request } = context;
  const [directory] = request.cgroup.into;
  const into = directory === undefined ? 0 : CLONE_INTO_CGROUP;
  const args = cloneArguments(program, {
    flags: namespaceFlags + CLONE_PIDFD + into,
    pidfd: pidfdRoom,
  });
  if (directory === undefined) {
    return { args, cgroup: undefined };
  }
  program.because("linux.cgroupsPath");
  const O_PATH_DIRECTORY_CLOEXEC = 0o12000000;
  const openFlags = flags(O_PATH_DIRECTORY_CLOEXEC, OPEN_NAMES);
  const cgroup = program.call("openat", [CURRENT_DIRECTORY, program.text(directory), openFlags], {
    result: "cgroup",
    describes: () => `open the cgroup ${JSON.stringify(directory)}`,
  });
  program.control("store", [cgroup, offsetOf(args, CGROUP_FIELD), 8]);
  return { args, cgroup };
}

export function planStageAfterClone(
  context: PlanContext,
  shared: StageShared,
  init: Register,
): void {
  const { program, request } = context;
  const { linux } = request.spec;
  const maps = { uid: linux?.uidMappings ?? [], gid: linux?.gidMappings ?? [] };
  const isNewUser = linux?.namespaces?.some(
    ({ type, path }) => type === "user" && path === undefined,
  );
  if (isNewUser === true) {
    writeIdMaps(program, init, maps, request.facts);
    const { privileged } = request.facts;
    outerLimits(program, request.spec.process, { child: init, privileged });
  }
  reportInit(context, shared, init);
  finishStage(context, shared, init);
}

/** Tells the runtime the pid, and init that it may go on. */
export function reportInit(context: PlanContext, shared: StageShared, init: Register): void {
  const { program, request } = context;
  moveNetDevices(context, init);
  // Before the pid is told: without it nothing is committed, so that a failure here still counts.
  if (request.pidfdSocketFd !== undefined) {
    sendPidfd(context, shared);
  }
  program.because("process");
  program.control("report", [named(REPORT_PID, "PID"), init]);
  if (shared.sync !== undefined) {
    program.call("close", [shared.sync.init]);
    program.call("write", [shared.sync.stage, program.text("g"), 1], {
      caught: { errnos: [Errno.EPIPE] },
    });
    program.call("close", [shared.sync.stage]);
  }
}

function sendPidfd({ program, request }: PlanContext, shared: StageShared): void {
  program.because("--pidfd-socket");
  const fd = program.control("load", [offsetOf(shared.pidfdRoom), 4], { result: "pidfd" });
  const payload = program.text("pidfd");
  sendDescriptor(program, {
    socket: request.pidfdSocketFd ?? -1,
    fd,
    payload,
    length: payload.size - 1,
    describes: "send the process's pidfd",
  });
  program.forget(fd);
}

/** `init`: its pid, or how the stage learns of it; "any" where it does not have to. */
export function finishStage(
  context: PlanContext,
  shared: StageShared,
  init: Register | Handover | "any",
): void {
  const { program, request } = context;
  program.because("process");
  if (request.end.kind === "hold" && init !== "any") {
    const isTold = "reader" in init;
    const kept = isTold ? takeOver(program, init) : keptInit(program, shared, init);
    holdContainer(context, shared, { end: request.end, process: kept });
  } else if (request.end.kind === "run") {
    waitAndExit(program, init === "any" || "reader" in init ? "any" : init);
  } else {
    program.control("exit", [0]);
  }
}

function keptInit(program: ProgramBuilder, shared: StageShared, pid: Register): KeptProcess {
  const pidfd = program.control("load", [offsetOf(shared.pidfdRoom), 4], { result: "pidfd" });
  return { pid, pidfd };
}

/** Ends as init ends, without holding descriptors that others wait for. */
export function waitAndExit(program: ProgramBuilder, child: Register | "any"): void {
  const whom = child === "any" ? [named(P_ALL, "P_ALL"), 0] : [named(P_PID, "P_PID"), child];
  const siginfo = program.space(128, "siginfo");
  program.call("close_range", [0, named(0xffff_ffff, "MAX"), 0], { caught: { errnos: "any" } });
  program.call("waitid", [...whom, siginfo, named(WEXITED, "EXITED"), 0]);
  program.control("exit_as", [offsetOf(siginfo)]);
}

function holdContainer(
  context: PlanContext,
  { stdio, cgroup }: StageShared,
  { end, process }: { readonly end: HoldEnd; readonly process: KeptProcess },
): void {
  const { program, outer, request } = context;
  leaveJoinedPids(context);
  const born = cgroup === undefined ? [] : [cgroup];
  const givenUp = [...born, ...forInit(outer)];
  holdProcess(program, end, { process, stdio, givenUp, preserveFds: request.preserveFds });
}

/**
 * What the holder starts in the end is not to be in a pid namespace that the container has joined. Where a
 * user namespace is joined as well, the stage itself has joined none.
 */
function leaveJoinedPids({ program, request }: PlanContext): void {
  const joined = (request.spec.linux?.namespaces ?? []).filter(({ path }) => path !== undefined);
  const has = (wanted: NamespaceType): boolean => joined.some(({ type }) => type === wanted);
  if (has("pid") && !has("user")) {
    const path = "/proc/self/ns/pid";
    joinNamespaces(program, [{ type: "pid", path, reason: "linux.namespaces" }]);
  }
}
