// run: create and start in one, for a caller that stays until the container ends.

import { OcicatError } from "../error/ocicat-error.ts";
import type { HookName } from "../oci/hooks.ts";
import { REPORT_FAILED } from "../program/opcodes.ts";
import { endPhase } from "../sys/phases.ts";
import type { ExitStatus } from "../sys/process.ts";
import type { CommittedContainer } from "./await-ready.ts";
import { killInit } from "./clean-up.ts";
import { launchContainer } from "./create.ts";
import type { CreateOptions } from "./create-options.ts";
import { type ContainerAddress, deleteContainer } from "./delete.ts";
import { runHooks } from "./hooks.ts";
import { failureOf } from "./program-failure.ts";
import { awaitReadiness } from "./service-protocols.ts";
import { ociState } from "./status.ts";

export interface RunOptions extends CreateOptions {
  /** Leave the container's state behind when it has ended. */
  readonly keep?: boolean;
  /**
   * Called once the process runs: forwards signals, and returns when the stage, our child, has ended.
   * Meanwhile it calls back when the container's notify socket, if there is one, has something.
   */
  readonly attend?: (stagePid: number, initPid: number, notify?: Notified) => void;
}

export interface Notified {
  readonly fd: number;
  readonly onReadable: () => void;
}

/** Runs the container to its end and removes it; returns how its process ended. */
export async function run(options: RunOptions): Promise<ExitStatus> {
  using container = await launchContainer(options, { kind: "run" });
  const status = orRemove(options, container, () => {
    launchProcess(container);
    const { notify, state } = container;
    using socket = notify;
    const notified =
      socket === undefined
        ? undefined
        : { fd: socket.fd, onReadable: () => socket.forward(state.pid) };
    options.attend?.(container.stage.pid, state.pid, notified);
    const ended = container.stage.awaitEnd();
    endPhase("process");
    return ended;
  });
  if (options.keep !== true) {
    const { stateRoot, id, onWarning } = options;
    deleteContainer({
      stateRoot,
      id,
      force: true,
      ...(onWarning === undefined ? {} : { onWarning }),
    });
  }
  endPhase("delete");
  return status;
}

/** The container goes on by itself; it is there for `state`, `exec`, `kill` and `delete`. */
export async function runDetached(options: CreateOptions): Promise<CommittedContainer["state"]> {
  using container = await launchContainer(options, { kind: "detach" });
  orRemove(options, container, () => launchProcess(container));
  container.stage.awaitEnd();
  using notify = container.notify;
  if (notify !== undefined) {
    awaitReadiness(container.state, notify);
  }
  return container.state;
}

/** Until the process runs and its poststart hooks have. */
export function launchProcess(container: CommittedContainer): void {
  awaitExecution(container);
  callHooks(container, "poststart");
}

/** Does `action`; should it fail, nothing is left of the container. */
export function orRemove<Result>(
  address: ContainerAddress,
  container: CommittedContainer,
  action: () => Result,
): Result {
  try {
    return action();
  } catch (error) {
    removeFailed(address, container, error);
    throw error;
  }
}

function removeFailed(
  { stateRoot, id }: ContainerAddress,
  { state, stage }: CommittedContainer,
  error: unknown,
): void {
  try {
    killInit(state);
    stage.abandon();
    deleteContainer({ stateRoot, id, force: true });
  } catch (failure) {
    if (error instanceof OcicatError) {
      error.cleanupFailures.push(failure);
    }
  }
}

/** The socket's end: execve has closed it. A report instead says why there was no execve. */
function awaitExecution({ stage, program }: CommittedContainer): void {
  const report = stage.receive();
  if (report?.kind === REPORT_FAILED) {
    throw failureOf(program, report);
  }
}

function callHooks({ spec, state }: CommittedContainer, kind: HookName): void {
  runHooks(kind, spec.hooks?.[kind] ?? [], ociState(state, "running"));
}
