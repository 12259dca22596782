// The program that starts another process in a running container. Three processes execute it:
//
//   the stage, on the host     the middle                          the process
//   ----------------------     ------------------------------      ---------------------------------
//   clones the middle -------> enters the cgroup
//   reaps it                   joins by one setns(pidfd, flags)
//                              clones into the pid namespace ----> becomes the user, finds the program
//   waits, holds or exits      reports the pid, exits              loads seccomp, executes
//
// The middle is needed because a pid namespace takes in children only; its child belongs to the stage
// (CLONE_PARENT). The stage itself never enters the container.

import { CLONE_NEWUSER, CLONE_PARENT, CLONE_PIDFD, PR_SET_DUMPABLE } from "../abi/process.ts";
import { flags, named, offsetOf, ProgramBuilder } from "../program/builder.ts";
import type { DataReference, Program, Register } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";
import { openPath } from "./context.ts";
import { CLONE_NAMES } from "./flag-names.ts";
import { type Handover, handOver, openHandover, takeOver } from "./handover.ts";
import { holdProcess } from "./hold.ts";
import { enterCgroup } from "./init.ts";
import { openVerifiedProc } from "./kernel-settings.ts";
import { sendDescriptor } from "./messages.ts";
import {
  becomeUser,
  executeProcess,
  limitProcess,
  type ProcessPlan,
  writeThroughProc,
} from "./process.ts";
import { setCpuAffinity, setOomScore, setRlimits } from "./process-limits.ts";
import { receiveState } from "./received-state.ts";
import { REPORT_PID } from "./reports.ts";
import { type ExecRequest, holdersDescriptors } from "./request.ts";
import { cloneListenerSender } from "./seccomp-listener.ts";
import { hardenStage, planClone, waitAndExit } from "./stage-side.ts";
import { hostId, planStdio, type Stdio, takeStdio } from "./stdio.ts";
import { openTerminal, sendMaster, takeTerminal } from "./terminal.ts";

/** What stage, middle and process have in common. */
interface ExecPlan {
  readonly program: ProgramBuilder;
  readonly request: ExecRequest;
  readonly stdio: Stdio;
  /** How a holder learns of the process. */
  readonly handover: Handover | undefined;
  readonly inUserNamespace: boolean;
}

export function compileExec(request: ExecRequest): Program {
  const program = new ProgramBuilder(request.facts.architecture);
  hardenStage(program, request);
  const plan = planBeforeMiddle(program, request);
  const { initial } = request.process.execCPUAffinity ?? {};
  if (initial !== undefined && initial !== "") {
    setCpuAffinity(program, initial, "process.execCPUAffinity.initial");
  }
  const middlePidfd = program.space(8, "middlePidfd");
  const clone = planClone({ program, request }, 0, middlePidfd);
  program.because("exec");
  const afterMiddle = program.label();
  const middle = program.fork(clone.args, "middle", afterMiddle);
  enterCgroup(program, request, clone.cgroup);
  planMiddle(plan);
  program.endFork(afterMiddle);
  program.call("wait4", [middle, 0, 0, 0]);
  program.because("process");
  finishStage(plan, clone.cgroup);
  return program.finish();
}

function planBeforeMiddle(program: ProgramBuilder, request: ExecRequest): ExecPlan {
  const inUserNamespace = (request.namespaces & CLONE_NEWUSER) !== 0;
  const base = { program, request, inUserNamespace };
  const { end } = request;
  if (end.kind !== "hold") {
    giveStdioToUser(program, request);
    return { ...base, stdio: { kind: "inherited", initEnds: [] }, handover: undefined };
  }
  const spec = { ...request.spec, process: request.process };
  const user = inUserNamespace ? "new" : "host";
  const stdio = planStdio({ program, request: { ...request, spec, end } }, { user });
  return { ...base, stdio, handover: openHandover(program) };
}

/** The middle has ended and been reaped: what is left is the process. */
function finishStage(plan: ExecPlan, cgroup: Register | undefined): void {
  const { program, handover, stdio } = plan;
  const { end } = plan.request;
  if (end.kind === "hold" && handover !== undefined) {
    const givenUp = cgroup === undefined ? [] : [cgroup];
    const { preserveFds } = plan.request;
    const process = takeOver(program, handover);
    holdProcess(program, end, { process, stdio, givenUp, preserveFds });
  } else if (end.kind === "run") {
    waitAndExit(program, "any");
  } else {
    program.control("exit", [0]);
  }
}

/** As in `create`: pipes and terminals go to the process's user, where the ids are the host's own. */
function giveStdioToUser(program: ProgramBuilder, request: ExecRequest): void {
  const maps = request.spec.linux?.uidMappings;
  const uid = hostId(
    request.process.user.uid,
    maps === undefined || maps.length === 0 ? undefined : maps,
  );
  if (uid === undefined || uid === request.facts.uid) {
    return;
  }
  program.because("process.user.uid");
  for (const fd of request.ownedStdio) {
    program.call("fchown", [fd, uid, -1], { caught: { errnos: "any" } });
  }
}

function planMiddle(exec: ExecPlan): void {
  const { program, request, handover, inUserNamespace } = exec;
  const { final } = request.process.execCPUAffinity ?? {};
  if (final !== undefined && final !== "") {
    setCpuAffinity(program, final, "process.execCPUAffinity.final");
  }
  program.because("process");
  const proc = openVerifiedProc(program);
  const plan = processPlan(program, request, inUserNamespace);
  if (inUserNamespace) {
    // The privilege for these is out here, and a child inherits them.
    setOomScore(program, request.process, proc);
    setRlimits(program, request.process.rlimits ?? []);
  }
  writeThroughProc(plan, proc);
  // A process that the container sees must not hold a way to the host (CVE-2016-9962).
  program.close(proc);
  leaveToHolder(program, request);
  joinContainer(program, request);
  const pidfdRoom = program.space(8, "pidfd");
  const clone = cloneArguments(program, { flags: CLONE_PARENT | CLONE_PIDFD, pidfd: pidfdRoom });
  const reported = program.label();
  const child = program.fork(clone, "process", reported);
  planExecutedProcess(plan, exec);
  program.endFork(reported);
  if (request.pidfdSocketFd !== undefined) {
    sendPidfd(program, request.pidfdSocketFd, pidfdRoom);
  }
  program.control("report", [named(REPORT_PID, "PID"), child]);
  if (handover !== undefined) {
    handOver(program, handover, child);
  }
  program.control("exit", [0]);
}

/** What only the holder has a use for: folders and sockets of the host. */
function leaveToHolder(program: ProgramBuilder, { end }: ExecRequest): void {
  if (end.kind !== "hold") {
    return;
  }
  for (const fd of new Set(holdersDescriptors(end))) {
    program.call("close", [fd]);
  }
}

function processPlan(
  program: ProgramBuilder,
  request: ExecRequest,
  inUserNamespace: boolean,
): ProcessPlan {
  return {
    program,
    process: request.process,
    spec: request.spec,
    facts: request.facts,
    id: request.id,
    additionalGroups: request.additionalGroups,
    inUserNamespace,
    limitedByStage: inUserNamespace,
    preserveFds: request.preserveFds,
    noNewKeyring: request.noNewKeyring,
  };
}

/** One call for all namespaces: the kernel enters the user namespace first. */
function joinContainer(program: ProgramBuilder, request: ExecRequest): void {
  program.because("linux.namespaces");
  const describes = () => `join the namespaces of container "${request.id}"`;
  program.call("setns", [request.initPidfd, flags(request.namespaces, CLONE_NAMES)], { describes });
  if ((request.namespaces & CLONE_NEWUSER) !== 0) {
    program.call("setresgid", [0, 0, 0], { describes: "become gid 0 of the user namespace" });
    program.call("setresuid", [0, 0, 0], { describes: "become uid 0 of the user namespace" });
    // A change of ids makes a process dumpable again.
    program.call("prctl", [named(PR_SET_DUMPABLE, "SET_DUMPABLE"), 0, 0, 0, 0]);
  }
}

function planExecutedProcess(plan: ProcessPlan, { request, stdio }: ExecPlan): void {
  const { program, process } = plan;
  program.because("process");
  program.call("setsid", []);
  limitProcess(plan);
  if (process.terminal === true) {
    const root = openPath(program, "/", "root");
    const terminal = openTerminal(program, root, process.consoleSize);
    const receiver = stdio.kind === "terminal" ? stdio.sender : request.consoleFd;
    sendMaster(program, terminal, receiver ?? -1);
    takeTerminal(program, terminal, process.user.uid);
    program.close(root);
  }
  takeStdio(program, stdio, process.user.uid);
  const found = becomeUser(plan);
  const notifies = request.facts.seccomp?.notifies === true;
  const state = notifies ? receiveState(program) : undefined;
  executeProcess(plan, found, () => cloneListenerSender(program, request.seccompListenerFd, state));
}

function sendPidfd(program: ProgramBuilder, socket: number, room: DataReference): void {
  program.because("--pidfd-socket");
  const fd = program.control("load", [offsetOf(room), 4], { result: "pidfd" });
  const payload = program.text("pidfd");
  const length = payload.size - 1;
  const describes = "send the process's pidfd";
  sendDescriptor(program, { socket, fd, payload, length, describes });
  program.forget(fd);
}
