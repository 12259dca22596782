// exec: another process in a running container.

import { LOCK_SH } from "../abi/file.ts";
import { CLONE_NEWUSER, POLLIN, SIGKILL } from "../abi/process.ts";
import { detectCgroupHost } from "../cgroup/detect.ts";
import { Errno } from "../error/errno.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import { gatherFacts } from "../host/gather-facts.ts";
import { withHome } from "../host/home-folder.ts";
import { seccompFacts } from "../host/seccomp-facts.ts";
import { decodeRuntimeConfig } from "../oci/parse/config.ts";
import type { Process } from "../oci/process.ts";
import type { Spec } from "../oci/spec.ts";
import { additionalGroupsOf } from "../plan/additional-groups.ts";
import { compileExec } from "../plan/compile-exec.ts";

import { REPORT_PID } from "../plan/reports.ts";
import type { ExecRequest } from "../plan/request.ts";
import { REPORT_FAILED } from "../program/opcodes.ts";
import { launchProgram, type StageProcess } from "../stage/launch.ts";
import { call } from "../sys/call.ts";
import { OwnedFd } from "../sys/file.ts";
import { endPhase } from "../sys/phases.ts";
import { poll } from "../sys/poll.ts";
import { type ExitStatus, waitForPid } from "../sys/process.ts";
import { agentAnswer, notifiesAgent } from "./await-ready.ts";
import type { ContainerAddress } from "./delete.ts";
import { cgroupMountFacts } from "./host-cgroups.ts";
import { ownedStdio } from "./inherited-stdio.ts";
import { ownOomScore } from "./own-oom-score.ts";
import { writePidFile } from "./pid-file.ts";
import { failureOf, silentFailure } from "./program-failure.ts";
import { checkTerminal, RequestedSockets } from "./requested-sockets.ts";
import { type ContainerState, StateDirectory } from "./state-directory.ts";
import { ociState, openInit, type Status, statusOf } from "./status.ts";
import { joinedCgroup, type SubCgroup } from "./sub-cgroup.ts";

export interface ExecOptions extends ContainerAddress {
  /** Made from the container's own process, or given whole. `rootPath`: its files, for that moment. */
  readonly process: (container: Process | undefined, rootPath: string) => Process;
  readonly cgroup?: SubCgroup;
  readonly consoleSocket?: string;
  /** In place of `consoleSocket`: a connected one, which stays the caller's. */
  readonly consoleFd?: number;
  readonly pidfdSocket?: string;
  readonly pidFile?: string;
  readonly preserveFds?: number;
  readonly noNewKeyring?: boolean;
  readonly ignorePaused?: boolean;
  readonly killAtOp?: number;
  /** What it has as descriptors 0 to 2; absent: ours. */
  readonly standardFds?: readonly [number, number, number];
}

/** A process that has been executed in the container. */
export interface ExecutedProcess {
  readonly pid: number;
  /** The stage, our child: it ends as the process does, or holds it. */
  readonly stagePid: number;
}

/**
 * Starts the process and does not wait for it. In a program that adopts its orphans (setChildSubreaper) it
 * becomes a child, which somebody has to reap: before that the kernel does not end the container's first
 * process, and `deleteContainer` waits for seconds.
 */
export async function execDetached(options: ExecOptions): Promise<ExecutedProcess> {
  const executed = await execute(options, { kind: "detach" });
  waitForPid(executed.stagePid);
  return executed;
}

export interface AttendedExecOptions extends ExecOptions {
  /** Called once the process runs: forwards signals, and is over when it has ended. */
  readonly attend?: (stagePid: number, pid: number) => void | Promise<void>;
}

/** Starts the process, waits for its end and returns how that was. */
export async function exec(options: AttendedExecOptions): Promise<ExitStatus> {
  const executed = await execute(options, { kind: "run" });
  await options.attend?.(executed.stagePid, executed.pid);
  return waitForPid(executed.stagePid);
}

const TERMINAL_ENDS = { detach: "given", run: "kept", hold: "held" } as const;

/** When the promise is fulfilled the process runs; `end` says what becomes of the stage. */
export async function execute(
  options: ExecOptions,
  end: ExecRequest["end"],
): Promise<ExecutedProcess> {
  using directory = StateDirectory.open(options.stateRoot, options.id, LOCK_SH);
  const state = directory.readState();
  const status = statusOf(directory, state);
  using init = requireRunning(options, status, state);
  const spec = decodeRuntimeConfig(directory.readConfig());
  if (status === "paused") {
    // The process will not run before `resume` or `delete`, which need the lock.
    directory[Symbol.dispose]();
  }
  const rootPath = `/proc/${state.pid}/root`;
  const process = withHome(options.process(spec.process, rootPath), { rootPath });
  requireAlive(init, state);
  checkTerminal(process, TERMINAL_ENDS[end.kind], options);
  using sockets = new RequestedSockets(options, spec);
  endPhase("parse");
  const facts = gatherFacts({
    spec: specOfExec(spec, process),
    bundle: state.bundle,
    rootPath: undefined,
    cgroup: cgroupMountFacts(detectCgroupHost()),
    seccomp: await seccompFacts(spec, `${options.stateRoot}/.cache`),
  });
  endPhase("facts");
  const request: ExecRequest = {
    process,
    spec,
    facts,
    id: options.id,
    initPidfd: init.number,
    namespaces: state.namespaces,
    cgroup: joinedCgroup(state.cgroup, state.pid, options.cgroup),
    resctrlTasks: state.resctrl?.tasks ?? [],
    end: end.kind === "hold" ? { ...end, ...ownOomScore() } : end,
    additionalGroups: additionalGroupsOf(spec, facts, (state.namespaces & CLONE_NEWUSER) !== 0),
    ...sockets.forProgram(),
    preserveFds: options.preserveFds ?? 0,
    noNewKeyring: options.noNewKeyring ?? false,
    ownedStdio: ownedStdio(options.standardFds),
  };
  const keepFds = [init.number, ...sockets.keptFds(end, request.preserveFds)];
  return launchExec({ options, state, request, keepFds, spec });
}

/** Nothing is mounted, and no interface is moved: those of the configuration are in the container. */
function specOfExec(spec: Spec, process: Process): Spec {
  const linux = spec.linux === undefined ? {} : { linux: { ...spec.linux, netDevices: {} } };
  return { ...spec, process, mounts: [], ...linux };
}

const STOPPED = "cannot exec in a stopped container";

function requireRunning(
  { ignorePaused }: ExecOptions,
  status: Status,
  state: ContainerState,
): OwnedFd {
  using init = openInit(state);
  if (init === undefined || status === "stopped") {
    throw refuse(state.id, STOPPED);
  }
  if (status === "paused" && ignorePaused !== true) {
    throw refuse(state.id, "cannot exec in a paused container (use --ignore-paused to override)");
  }
  return new OwnedFd(init.release());
}

/** Until then its pid, and what was found by it, were its own. */
function requireAlive(init: OwnedFd, { id }: ContainerState): void {
  const [over = 0] = poll([{ fd: init.number, events: POLLIN }], 0);
  if (over !== 0) {
    throw refuse(id, STOPPED);
  }
}

function refuse(id: string, reason: string): OcicatError {
  return new OcicatError("wrong-state", {
    operation: "exec in",
    subject: `container ${quote(id)}`,
    reason,
  });
}

interface ExecLaunch {
  readonly options: ExecOptions;
  readonly state: ContainerState;
  readonly request: ExecRequest;
  readonly keepFds: readonly number[];
  readonly spec: Spec;
}

/**
 * A cgroup that has children with controllers takes no process (EBUSY), and one may have gone
 * (ENOENT, ENODEV): then the next best is tried.
 */
function launchExec(launch: ExecLaunch): ExecutedProcess {
  const { request } = launch;
  const choices = request.cgroup.into;
  for (let choice = 0; ; choice++) {
    const into = choices.slice(choice, choice + 1);
    try {
      return launchInto(launch, { ...request, cgroup: { ...request.cgroup, into } });
    } catch (error) {
      if (!isCgroupRefusal(error) || choice + 1 >= choices.length) {
        throw error;
      }
    }
  }
}

const CGROUP_ERRORS: ReadonlySet<number> = new Set([
  Errno.EBUSY,
  Errno.ENOENT,
  Errno.ENODEV,
  Errno.EOPNOTSUPP,
]);

/** The process has not been cloned then. */
function isCgroupRefusal(error: unknown): boolean {
  if (!(error instanceof OcicatError)) {
    return false;
  }
  const { operation, subject, errno = 0 } = error;
  const isBirth = operation === "exec:" && subject === "fork";
  return (operation === "linux.cgroupsPath:" || isBirth) && CGROUP_ERRORS.has(errno);
}

function launchInto(launch: ExecLaunch, request: ExecRequest): ExecutedProcess {
  const { options } = launch;
  const { standardFds = [] } = options;
  const program = compileExec(request);
  endPhase("compile");
  using stage = launchProgram(program, {
    keepFds: launch.keepFds,
    placeFds: standardFds.map((from, to) => ({ from, to })),
    killAtOp: options.killAtOp,
  });
  endPhase("launch");
  try {
    const pid = awaitExecution(launch, stage);
    endPhase("process");
    return { pid, stagePid: stage.pid };
  } catch (error) {
    if (!isCgroupRefusal(error)) {
      dismissPrimary(request.end);
    }
    stage.abandon();
    throw error;
  }
}

const SHUT_RDWR = 2;

/** A holder whose process came to nothing would wait for its first client to say something. */
function dismissPrimary(end: ExecRequest["end"]): void {
  if (end.kind === "hold" && end.primaryFd !== undefined) {
    call("shutdown", end.primaryFd, SHUT_RDWR);
  }
}

/** Until the socket ends, which is the execve; returns the pid that was reported before. */
function awaitExecution({ options, spec, state }: ExecLaunch, stage: StageProcess): number {
  let pid = 0;
  for (;;) {
    const report = stage.receive();
    if (report === undefined) {
      break;
    }
    if (report.kind === REPORT_FAILED) {
      throw failureOf(stage.program, report);
    }
    if (report.kind === REPORT_PID) {
      pid = report.value;
      tellOfPid(options.pidFile, pid);
      if (notifiesAgent(spec)) {
        stage.send(agentAnswer(spec, ociState(state, "running"), pid));
      }
    }
  }
  if (pid === 0) {
    throw silentFailure(options.id);
  }
  return pid;
}

/** A process that nobody can learn of must not go on. */
function tellOfPid(pidFile: string | undefined, pid: number): void {
  try {
    if (pidFile !== undefined) {
      writePidFile(pidFile, pid);
    }
  } catch (error) {
    call("kill", pid, SIGKILL);
    throw error;
  }
}
