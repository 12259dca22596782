// run: create and start in one, for a caller that stays until the container ends.

import type { HookName } from "../oci/hooks.ts";
import { REPORT_FAILED } from "../program/opcodes.ts";
import { type ExitStatus, waitForPid } from "../sys/process.ts";
import type { CommittedContainer } from "./await-ready.ts";
import { launchContainer } from "./create.ts";
import type { CreateOptions } from "./create-options.ts";
import { deleteContainer } from "./delete.ts";
import { runHooks } from "./hooks.ts";
import { failureOf } from "./program-failure.ts";
import { ociState } from "./status.ts";

export interface RunOptions extends CreateOptions {
  /** Leave the container's state behind when it has ended. */
  readonly keep?: boolean;
  /** Called once the process runs, with the stage's pid: forwards signals, and returns when it ended. */
  readonly attend?: (stagePid: number, initPid: number) => void;
}

/** Runs the container to its end and removes it; returns how its process ended. */
export async function run(options: RunOptions): Promise<ExitStatus> {
  using container = await launchContainer(options, { kind: "run" });
  const address = { stateRoot: options.stateRoot, id: options.id };
  try {
    awaitExecution(container);
    callHooks(container, "poststart");
    options.attend?.(container.stage.pid, container.state.pid);
    return waitForPid(container.stage.pid);
  } finally {
    if (options.keep !== true) {
      deleteContainer({ ...address, force: true });
    }
  }
}

/** The container goes on by itself; it is there for `state`, `exec`, `kill` and `delete`. */
export async function runDetached(options: CreateOptions): Promise<CommittedContainer["state"]> {
  using container = await launchContainer(options, { kind: "detach" });
  try {
    awaitExecution(container);
    callHooks(container, "poststart");
  } catch (error) {
    deleteContainer({ stateRoot: options.stateRoot, id: options.id, force: true });
    throw error;
  }
  waitForPid(container.stage.pid);
  return container.state;
}

/** The socket's end: execve has closed it. A report instead says why there was no execve. */
export function awaitExecution({ stage, program }: CommittedContainer): void {
  const report = stage.receive();
  if (report?.kind === REPORT_FAILED) {
    throw failureOf(program, report);
  }
}

export function callHooks({ spec, state }: CommittedContainer, kind: HookName): void {
  runHooks(kind, spec.hooks?.[kind] ?? [], ociState(state, "running"));
}
