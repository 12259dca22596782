// From the launch to the commit: what the program reports, and what it is answered.

import { delegateCgroup } from "../cgroup/delegate.ts";
import { applyDevices } from "../cgroup/devices.ts";
import { startScope } from "../cgroup/scope.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Spec } from "../oci/spec.ts";
import type { ContainerProcessState, State } from "../oci/state.ts";
import { SECCOMP_FD_NAME } from "../oci/state.ts";
import {
  ANSWER_GO,
  REPORT_HOOKS,
  REPORT_NEEDS_SCOPE,
  REPORT_PID,
  REPORT_READY,
  STATE_LIMIT,
} from "../plan/reports.ts";
import { REPORT_FAILED } from "../program/opcodes.ts";
import { type Program, provenanceOf } from "../program/program.ts";
import type { StageProcess, StageReport } from "../stage/launch.ts";
import { encodeText } from "../sys/memory.ts";
import { readProcessStat } from "../sys/process.ts";
import type { CreateOptions } from "./create-options.ts";
import { runHooks } from "./hooks.ts";
import { writePidFile } from "./pid-file.ts";
import { failureOf, silentFailure } from "./program-failure.ts";
import type { NotifySocket } from "./service-protocols.ts";
import type { ContainerState, StateDirectory } from "./state-directory.ts";
import { ociState } from "./status.ts";

interface Launched {
  readonly options: CreateOptions;
  readonly spec: Spec;
  readonly directory: StateDirectory;
  readonly stage: StageProcess;
  readonly program: Program;
  /** As recorded before the launch. */
  readonly state: ContainerState;
  /** By another process, which knows nothing of the program. */
  readonly isStartedLater: boolean;
}

/** A container that exists without us. Dispose it to close the stage's socket. */
export interface CommittedContainer extends Disposable {
  readonly state: ContainerState;
  readonly spec: Spec;
  readonly stage: StageProcess;
  readonly program: Program;
  /** Where the container tells that it is ready, if a service manager wants to know. */
  readonly notify?: NotifySocket | undefined;
}

export function awaitReady(launched: Launched): CommittedContainer {
  const wait = new ReadyWait(launched);
  try {
    return wait.untilCommitted();
  } catch (error) {
    launched.stage.abandon();
    throw error;
  }
}

class ReadyWait {
  readonly #launched: Launched;
  #state: ContainerState;
  #devicesAreRestricted = false;

  constructor(launched: Launched) {
    this.#launched = launched;
    this.#state = launched.state;
  }

  untilCommitted(): CommittedContainer {
    for (;;) {
      const report = this.#nextReport();
      switch (report.kind) {
        case REPORT_NEEDS_SCOPE:
          this.#awaitPid();
          this.#makeScope();
          break;
        case REPORT_HOOKS:
          this.#awaitPid();
          this.#answerHooks();
          break;
        case REPORT_READY:
          this.#awaitPid();
          return this.#commit(report.op);
      }
    }
  }

  /** The stage and init report over the same socket: the pid may come later than it is needed. */
  #nextReport(): StageReport {
    const { stage, program } = this.#launched;
    const report = stage.receive();
    if (report === undefined) {
      throw silentFailure(this.#state.id);
    }
    if (report.kind === REPORT_FAILED) {
      throw failureOf(program, report);
    }
    if (report.kind === REPORT_PID) {
      this.#recordPid(report.value);
    }
    return report;
  }

  #awaitPid(): void {
    while (this.#state.pid === 0) {
      this.#nextReport();
    }
  }

  /** Recorded at once: were we killed now, `delete --force` would know whom to kill. */
  #recordPid(pid: number): void {
    const startTime = readProcessStat(pid)?.startTime ?? "";
    this.#state = { ...this.#state, pid, startTime };
    this.#launched.directory.writeState(this.#state);
  }

  #makeScope(): void {
    const { spec, stage } = this.#launched;
    startScope(this.#state.cgroup, this.#state.pid, {
      containerId: this.#state.id,
      resources: spec.linux?.resources ?? {},
      annotations: spec.annotations ?? {},
    });
    stage.send(ANSWER_GO);
  }

  #answerHooks(): void {
    const { spec, stage } = this.#launched;
    this.#restrictDevices();
    const state = ociState(this.#state, "creating");
    runHooks("prestart", spec.hooks?.prestart ?? [], state);
    runHooks("createRuntime", spec.hooks?.createRuntime ?? [], state);
    stage.send(stateAnswer(spec, state));
  }

  /** After the device nodes are made, before anything of the container's runs. */
  #restrictDevices(): void {
    if (this.#devicesAreRestricted) {
      return;
    }
    this.#devicesAreRestricted = true;
    applyDevices(this.#state.cgroup, this.#launched.spec.linux?.resources?.devices ?? []);
  }

  #commit(readyOp: number): CommittedContainer {
    const { options, spec, directory, stage, program, isStartedLater } = this.#launched;
    this.#restrictDevices();
    delegateToRoot(spec, this.#state);
    const state: ContainerState = { ...this.#state, phase: "committed" };
    if (isStartedLater) {
      directory.writeProvenance(provenanceFrom(program, readyOp));
    }
    directory.writeState(state);
    if (options.pidFile !== undefined) {
      writePidFile(options.pidFile, state.pid);
    }
    const told = ociState(state, "created");
    stage.send(stateAnswer(spec, told));
    if (notifiesAgent(spec)) {
      stage.send(agentAnswer(spec, told));
    }
    return { state, spec, stage, program, [Symbol.dispose]: () => stage[Symbol.dispose]() };
  }
}

/** Under a user namespace, the delegated files of the cgroup belong to the container's root. */
function delegateToRoot(spec: Spec, state: ContainerState): void {
  const uid = spec.linux?.uidMappings?.find(({ containerID }) => containerID === 0)?.hostID;
  const gid = spec.linux?.gidMappings?.find(({ containerID }) => containerID === 0)?.hostID;
  if (uid !== undefined && !state.rootless && asksForDelegation(spec)) {
    delegateCgroup(state.cgroup, { uid, gid: gid ?? uid });
  }
}

/** The specification ("Cgroup ownership"): only what the container sees as its own and may write. */
function asksForDelegation({ linux, mounts = [] }: Spec): boolean {
  const hasNamespace = (wanted: string): boolean =>
    linux?.namespaces?.some(({ type }) => type === wanted) === true;
  const mount = mounts.findLast(({ destination }) => destination === "/sys/fs/cgroup");
  const isWritable = mount !== undefined && mount.options?.includes("ro") !== true;
  return hasNamespace("user") && hasNamespace("cgroup") && isWritable;
}

/** What a program that waits is answered: the state where a hook inside needs it. */
export function stateAnswer({ hooks }: Spec, state: State): string {
  const inside = (hooks?.createContainer?.length ?? 0) + (hooks?.startContainer?.length ?? 0);
  return inside === 0 ? ANSWER_GO : fitting(JSON.stringify(state));
}

/** A program has room for so much. What could make a state larger is its annotations. */
function fitting(document: string): string {
  if (encodeText(document).length > STATE_LIMIT) {
    throw new OcicatError("exhausted", {
      operation: "pass on",
      subject: "the container's state",
      reason: `it is larger than ${STATE_LIMIT} bytes`,
      hint: "shorten annotations",
    });
  }
  return document;
}

export function notifiesAgent({ linux }: Spec): boolean {
  return linux?.seccomp?.syscalls?.some(({ action }) => action === "SCMP_ACT_NOTIFY") === true;
}

/** What the agent of a seccomp profile gets beside the filter's descriptor; `pid`: of a process of exec. */
export function agentAnswer({ linux }: Spec, state: State, pid = state.pid ?? 0): string {
  const metadata = linux?.seccomp?.listenerMetadata;
  const document: ContainerProcessState = {
    ociVersion: state.ociVersion,
    fds: [SECCOMP_FD_NAME],
    pid,
    ...(metadata === undefined ? {} : { metadata }),
    state,
  };
  return fitting(JSON.stringify(document));
}

/** What `start` needs to turn {op, errno} into a sentence: the ops from the commit on. */
function provenanceFrom(program: Program, first: number): string {
  return JSON.stringify({
    first,
    ops: program.operations.slice(first).map((operation) => provenanceOf(operation)),
  });
}
