// The program that starts another process in a running container. Three processes execute it:
//
//   the stage, on the host     the middle                          the process
//   ----------------------     ------------------------------      ---------------------------------
//   clones the middle -------> enters the cgroup
//   reaps it                   joins by one setns(pidfd, flags)
//                              clones into the pid namespace ----> becomes the user, finds the program
//   waits or exits             reports the pid, exits              loads seccomp, executes
//
// The middle is needed because a pid namespace takes in children only; its child belongs to the stage
// (CLONE_PARENT). The stage itself never enters the container.

import { CLONE_NEWUSER, CLONE_PARENT, CLONE_PIDFD, PR_SET_DUMPABLE } from "../abi/process.ts";
import { flags, named, offsetOf, ProgramBuilder } from "../program/builder.ts";
import type { DataReference, Program } from "../program/program.ts";
import { cloneArguments } from "./clone.ts";
import { openPath } from "./context.ts";
import { CLONE_NAMES } from "./flag-names.ts";
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
import type { ExecRequest } from "./request.ts";
import { cloneListenerSender } from "./seccomp-listener.ts";
import { hardenStage, planClone, waitAndExit } from "./stage-side.ts";
import { hostId } from "./stdio.ts";
import { openTerminal, sendMaster, takeTerminal } from "./terminal.ts";

export function compileExec(request: ExecRequest): Program {
  const program = new ProgramBuilder(request.facts.architecture);
  hardenStage(program, request);
  giveStdioToUser(program, request);
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
  planMiddle(program, request);
  program.endFork(afterMiddle);
  program.call("wait4", [middle, 0, 0, 0]);
  program.because("process");
  if (request.end.kind === "run") {
    // The middle has ended and been reaped: what is left is the process.
    waitAndExit(program, "any");
  } else {
    program.control("exit", [0]);
  }
  return program.finish();
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

function planMiddle(program: ProgramBuilder, request: ExecRequest): void {
  const { final } = request.process.execCPUAffinity ?? {};
  if (final !== undefined && final !== "") {
    setCpuAffinity(program, final, "process.execCPUAffinity.final");
  }
  program.because("process");
  const proc = openVerifiedProc(program);
  const inUserNamespace = (request.namespaces & CLONE_NEWUSER) !== 0;
  const plan = processPlan(program, request, inUserNamespace);
  if (inUserNamespace) {
    // The privilege for these is out here, and a child inherits them.
    setOomScore(program, request.process, proc);
    setRlimits(program, request.process.rlimits ?? []);
  }
  writeThroughProc(plan, proc);
  // A process that the container sees must not hold a way to the host (CVE-2016-9962).
  program.close(proc);
  joinContainer(program, request);
  const pidfdRoom = program.space(8, "pidfd");
  const clone = cloneArguments(program, { flags: CLONE_PARENT | CLONE_PIDFD, pidfd: pidfdRoom });
  const reported = program.label();
  const child = program.fork(clone, "process", reported);
  planExecutedProcess(plan, request);
  program.endFork(reported);
  if (request.pidfdSocketFd !== undefined) {
    sendPidfd(program, request.pidfdSocketFd, pidfdRoom);
  }
  program.control("report", [named(REPORT_PID, "PID"), child]);
  program.control("exit", [0]);
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
    setgroupsDenied: request.setgroupsDenied,
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

function planExecutedProcess(plan: ProcessPlan, request: ExecRequest): void {
  const { program, process } = plan;
  program.because("process");
  program.call("setsid", []);
  limitProcess(plan);
  if (process.terminal === true) {
    const root = openPath(program, "/", "root");
    const terminal = openTerminal(program, root, process.consoleSize);
    sendMaster(program, terminal, request.consoleFd ?? -1);
    takeTerminal(program, terminal, process.user.uid);
    program.close(root);
  }
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
