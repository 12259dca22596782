// The program of the container's init, from its clone to the execution of the process.

import { O_CLOEXEC, O_WRONLY } from "../abi/file.ts";
import { CLONE_NEWCGROUP, PR_SET_DUMPABLE, SOCK_CLOEXEC } from "../abi/process.ts";
import type { Hooks } from "../oci/hooks.ts";
import {
  flags,
  named,
  offsetOf,
  type ProgramBuilder,
  REPORT_REGISTER,
} from "../program/builder.ts";
import type { Register, Words } from "../program/program.ts";
import { additionalGroupsOf } from "./additional-groups.ts";
import { openCallersPaths } from "./callers-paths.ts";
import { runContainerHooks } from "./container-hooks.ts";
import { CURRENT_DIRECTORY, type PlanContext } from "./context.ts";
import { makeDevices, needsDevices } from "./devices.ts";
import { CLONE_NAMES, OPEN_NAMES } from "./flag-names.ts";
import { openVerifiedProc, setHostNames, writeSysctls } from "./kernel-settings.ts";
import { finishReadOnlyMounts, mountAll } from "./mounts.ts";
import { joinNamespaces, makeTimeNamespace, type NamespacePlan } from "./namespaces.ts";
import { bringUpNetDevices } from "./net-devices.ts";
import { bringUpLoopback } from "./network-setup.ts";
import { maskPaths, protectReadOnlyPaths } from "./path-protection.ts";
import {
  becomeUser,
  executeProcess,
  limitProcess,
  type ProcessPlan,
  writeThroughProc,
} from "./process.ts";
import { type ReceivedState, receiveInto, receiveState, stateRoom } from "./received-state.ts";
import { REPORT_HOOKS, REPORT_NEEDS_SCOPE, REPORT_READY } from "./reports.ts";
import {
  applyRootPropagation,
  enterRoot,
  isolatePropagation,
  makeRootReadOnly,
  mountRoot,
} from "./root-filesystem.ts";
import { cloneListenerSender } from "./seccomp-listener.ts";
import type { StageShared } from "./stage-side.ts";
import { takeStdio } from "./stdio.ts";
import { bindConsole, openTerminal, sendMaster, takeTerminal } from "./terminal.ts";
import { makeWorkingDirectory } from "./working-directory.ts";

export function planInit(
  context: PlanContext,
  namespaces: NamespacePlan,
  shared: StageShared,
): void {
  const { program, request } = context;
  program.call("setsid", []);
  if (namespaces.user !== "joined") {
    enterCgroup(program, request, shared.cgroup);
  }
  program.because("process");
  const proc = openVerifiedProc(program);
  openCallersPaths(context);
  becomeRootOfNamespace(context, namespaces, shared);
  enterNamespaces(context, namespaces);
  const root = makeEnvironment(context, namespaces, shared);
  const state = syncHooks(context, request.spec.hooks);
  writeSysctls(context, proc);
  maskPaths(context, root);
  protectReadOnlyPaths(context, root);
  finishReadOnlyMounts(context);
  const { process } = request.spec;
  if (process === undefined) {
    enterRoot(context, root);
    awaitCommit(context, state);
    awaitStart(context, shared, state);
    program.control("exit", [0]);
    return;
  }
  const plan: ProcessPlan = {
    program,
    process,
    spec: request.spec,
    facts: request.facts,
    id: request.id,
    additionalGroups: additionalGroupsOf(request.spec, request.facts, namespaces.user !== "host"),
    inUserNamespace: namespaces.user !== "host",
    limitedByStage: namespaces.user === "new",
    preserveFds: request.preserveFds,
    noNewKeyring: request.noNewKeyring,
    ...initProcess(request),
  };
  writeThroughProc(plan, proc);
  limitProcess(plan);
  program.close(proc);
  makeRootReadOnly(context, root);
  enterRoot(context, root);
  applyRootPropagation(context);
  program.close(root);
  takeStdio(program, shared.stdio, process.user.uid);
  const found = becomeUser(plan);
  const agentState = awaitCommit(context, state);
  awaitStart(context, shared, state);
  executeProcess(plan, found, () =>
    cloneListenerSender(program, request.seccompListenerFd, agentState),
  );
}

/** A container that is held can have an init above its process. */
function initProcess({ end, spec }: PlanContext["request"]): Pick<ProcessPlan, "init"> {
  const hasTerminal = spec.process?.terminal === true;
  return end.kind === "hold" && end.reaps === true ? { init: { hasTerminal } } : {};
}

type EntryRequest = Pick<PlanContext["request"], "cgroup" | "resctrlTasks">;

/** By its own writes: a parent that writes a pid into cgroup.procs may wait for 15 ms. */
export function enterCgroup(
  program: ProgramBuilder,
  request: EntryRequest,
  bornIn: Register | undefined,
): void {
  const { cgroup, resctrlTasks = [] } = request;
  program.because("linux.cgroupsPath");
  if (bornIn !== undefined) {
    // A directory of the host's, which processes of the container could take from this one.
    program.close(bornIn);
  }
  if (cgroup.needsScope) {
    program.control("report", [named(REPORT_NEEDS_SCOPE, "NEEDS_SCOPE"), 0]);
    receiveAnswer(program);
  }
  for (const path of cgroup.tasks) {
    enterGroup(program, path, () => `enter the cgroup ${JSON.stringify(path)}`);
  }
  for (const path of resctrlTasks) {
    program.because("linux.intelRdt");
    enterGroup(program, path, () => `enter the resctrl group ${JSON.stringify(path)}`);
  }
}

/** "0" stands for the process that writes it. */
function enterGroup(program: ProgramBuilder, tasksPath: string, describes: Words): void {
  const openFlags = flags(O_WRONLY | O_CLOEXEC, OPEN_NAMES);
  const tasks = program.call("openat", [CURRENT_DIRECTORY, program.text(tasksPath), openFlags], {
    result: "tasks",
    describes,
  });
  program.call("write", [tasks, program.text("0"), 1], { describes });
  program.close(tasks);
}

function receiveAnswer(program: ProgramBuilder): void {
  const room = program.space(8, "answer");
  program.control("receive", [REPORT_REGISTER, offsetOf(room), 8]);
}

/** Waits until the id maps are written, and becomes the root that they make possible. */
function becomeRootOfNamespace(
  { program, request }: PlanContext,
  namespaces: NamespacePlan,
  shared: StageShared,
): void {
  if (shared.sync !== undefined) {
    program.because("linux.namespaces");
    program.call("close", [shared.sync.stage]);
    const room = program.space(8, "message");
    program.control("receive", [shared.sync.init, offsetOf(room), 8]);
    program.close(shared.sync.init);
  }
  if (namespaces.user !== "host") {
    program.because("linux.uidMappings");
    program.call("setresgid", [0, 0, 0], { describes: "become gid 0 of the user namespace" });
    program.call("setresuid", [0, 0, 0], { describes: "become uid 0 of the user namespace" });
  }
  if (!request.facts.privileged || namespaces.user !== "host") {
    program.because("process");
    program.call("prctl", [named(PR_SET_DUMPABLE, "SET_DUMPABLE"), 0, 0, 0, 0]);
  }
}

function enterNamespaces(context: PlanContext, namespaces: NamespacePlan): void {
  const { program, request } = context;
  joinNamespaces(program, namespaces.joinedByInit);
  program.because("linux.namespaces");
  if (namespaces.newCgroup) {
    program.call("unshare", [flags(CLONE_NEWCGROUP, CLONE_NAMES)], {
      describes: "make a cgroup namespace",
    });
  }
  if (namespaces.newTime === "by-init") {
    // Takes effect at the execution of the process, from Linux 6.1 on.
    makeTimeNamespace(program, request.spec);
  }
  const types = request.spec.linux?.namespaces ?? [];
  if (types.some(({ type, path }) => type === "network" && path === undefined)) {
    bringUpLoopback(program);
  }
  bringUpNetDevices(context);
  setHostNames(context);
}

/** Root, mounts, devices, terminal: the container's file system, seen from outside of it. */
function makeEnvironment(
  context: PlanContext,
  namespaces: NamespacePlan,
  shared: StageShared,
): Register {
  const { program, request } = context;
  isolatePropagation(context);
  program.because("mounts");
  // What is made for a mount is everybody's to pass through, however private the caller's own files are.
  const callersUmask = program.call("umask", [named(0o022, "0022")], { result: "umask" });
  const root = mountRoot(context);
  mountAll(context, root);
  if (needsDevices(context)) {
    const mayMakeNodes = request.facts.privileged && namespaces.user === "host";
    makeDevices(context, root, { mayMakeNodes });
  }
  if (shared.stdio.kind === "terminal") {
    const terminal = openTerminal(program, root, request.spec.process?.consoleSize);
    bindConsole(program, root, terminal);
    sendMaster(program, terminal, shared.stdio.sender);
    takeTerminal(program, terminal, request.spec.process?.user.uid ?? 0);
  }
  if (request.spec.process !== undefined) {
    makeWorkingDirectory(program, request.spec.process, root);
  }
  program.because("mounts");
  program.call("umask", [callersUmask]);
  program.forget(callersUmask);
  return root;
}

/**
 * prestart and createRuntime hooks run in the runtime's namespaces, now that the environment is made;
 * then createContainer hooks here, before the root is entered.
 */
function syncHooks({ program }: PlanContext, hooks: Hooks = {}): ReceivedState | undefined {
  const before = [...(hooks.prestart ?? []), ...(hooks.createRuntime ?? [])];
  const inside = [...(hooks.createContainer ?? []), ...(hooks.startContainer ?? [])];
  const state = inside.length > 0 ? stateRoom(program) : undefined;
  if (before.length + (hooks.createContainer?.length ?? 0) === 0) {
    return state;
  }
  program.because("hooks");
  program.control("report", [named(REPORT_HOOKS, "HOOKS"), 0]);
  if (state === undefined) {
    receiveAnswer(program);
    return state;
  }
  receiveInto(program, state);
  runContainerHooks(program, "createContainer", hooks.createContainer ?? [], state);
  return state;
}

/**
 * The runtime has recorded the container: from here on it exists without it. What the agent of a seccomp
 * profile is to get comes with the commit, in a message of its own.
 */
function awaitCommit(
  { program, request }: PlanContext,
  state: ReceivedState | undefined,
): ReceivedState | undefined {
  program.because("process");
  program.control("report", [named(REPORT_READY, "READY"), 0]);
  if (state === undefined) {
    receiveAnswer(program);
  } else {
    receiveInto(program, state);
  }
  return request.facts.seccomp?.notifies === true ? receiveState(program) : undefined;
}

/** A created container waits here. The connection that starts it also takes the reports from now on. */
function awaitStart(
  { program, request }: PlanContext,
  shared: StageShared,
  state: ReceivedState | undefined,
): void {
  if (shared.start !== undefined) {
    program.because("start");
    program.call("close", [REPORT_REGISTER]);
    const accept = [shared.start.listener, 0, 0, named(SOCK_CLOEXEC, "CLOEXEC")];
    program.callInto(REPORT_REGISTER, "accept4", accept, { describes: "wait for start" });
    program.control("report_to", [REPORT_REGISTER]);
    if (state === undefined) {
      receiveAnswer(program);
    } else {
      receiveInto(program, state);
    }
  }
  const hooks = request.spec.hooks?.startContainer ?? [];
  if (state !== undefined) {
    runContainerHooks(program, "startContainer", hooks, state);
  }
}
