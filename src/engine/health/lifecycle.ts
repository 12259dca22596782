// What a container has done for it right after each start and before each stop: Kubernetes' lifecycle hooks.

import { POLLIN, SIGKILL } from "../../abi/process.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { openInitOf } from "../../runtime/wait.ts";
import { trySignalPidfd } from "../../sys/process.ts";
import { pollInLoop } from "../../sys/waiting.ts";
import { stopRequest } from "../containers/stop-request.ts";
import { FOREVER_MS } from "../containers/stop-signal.ts";
import { openContainer, type StoredContainer } from "../containers/stored-container.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { placeOf, type Surroundings } from "../surroundings.ts";
import type { HookName, LifecycleHook } from "./lifecycle-hooks.ts";
import { ask, type Question } from "./probe.ts";

/** What is left to a container whose hook has taken all of its time, as Kubernetes has it. */
const LAST_MS = 2000;
const KILL_PATIENCE_MS = 10_000;
/** So soon is an interruption noticed that comes while a hook only takes its time. */
const INTERRUPTION_MS = 100;

export interface HookOptions {
  readonly onWarning?: ((text: string) => void) | undefined;
  /** Aborted: it is not waited for any longer. */
  readonly interruption?: AbortSignal | undefined;
}

/** Returns when it is done. A container whose hook fails ends as if it had died. */
export async function afterStart(
  container: StoredContainer,
  { onWarning, interruption }: HookOptions,
): Promise<void> {
  const failure = await runHook(container, "postStart", { timeoutMs: FOREVER_MS, interruption });
  const isWanted = interruption?.aborted !== true && container.status().kind === "running";
  if (failure !== undefined && isWanted) {
    onWarning?.(
      `container ${container.record.name} is ended: its postStart hook failed: ${failure}`,
    );
    await endAsIfDead(container);
  }
}

/** Its restart policy may start it again, which is not waited for: that has a hook to do, too. */
async function endAsIfDead(container: StoredContainer): Promise<void> {
  const { signal, timeoutMs } = stopRequest(container);
  using init = openInitOf(container.address);
  if (init !== undefined) {
    const awaited = [{ fd: init.number, events: POLLIN }];
    trySignalPidfd(init.number, signal);
    const [events = 0] = await pollInLoop(awaited, timeoutMs);
    if (events === 0) {
      trySignalPidfd(init.number, SIGKILL);
      await pollInLoop(awaited, KILL_PATIENCE_MS);
    }
  }
}

/** The same, of one that this process has just made. */
export async function afterStartById(
  id: string,
  surroundings: Surroundings,
  options: HookOptions,
): Promise<void> {
  using container = await openContainer(id, placeOf(surroundings));
  await afterStart(container, options);
}

/** Returns what is left of the time that the container has for its end. A hook that fails is told in an event. */
export async function beforeStop(container: StoredContainer, timeoutMs: number): Promise<number> {
  if (timeoutMs === 0 || container.status().kind !== "running") {
    return timeoutMs;
  }
  const begin = performance.now();
  await runHook(container, "preStop", { timeoutMs });
  const left = timeoutMs - (performance.now() - begin);
  return Math.max(left, Math.min(timeoutMs, LAST_MS));
}

type Patience = Pick<Question, "timeoutMs" | "interruption">;

/** What was wrong; undefined: nothing. */
async function runHook(
  container: StoredContainer,
  name: HookName,
  patience: Patience,
): Promise<string | undefined> {
  const hook = container.record.options.lifecycle?.[name];
  if (hook === undefined) {
    return undefined;
  }
  const failure = await execute(container, hook, patience).catch((error: unknown) => {
    if (error instanceof OcicatError) {
      return error.message;
    }
    throw error;
  });
  if (failure !== undefined && container.status().kind === "running") {
    recordContainerEvent(container, "hook_failed", { hook: name, reason: failure });
  }
  return failure;
}

async function execute(
  container: StoredContainer,
  [kind, ...words]: LifecycleHook,
  patience: Patience,
): Promise<string | undefined> {
  if (kind === "SLEEP") {
    await sleepIn(container, 1000 * Number(words[0]), patience);
    return undefined;
  }
  const question = kind === "CMD" ? { command: words } : { command: [], port: [kind, ...words] };
  const { exitCode, output, isInTime } = await ask(container, { ...question, ...patience });
  if (!isInTime) {
    return patience.interruption?.aborted === true
      ? "it was interrupted"
      : `it was not done after ${Math.round(patience.timeoutMs / 1000)} s`;
  }
  return exitCode === 0 ? undefined : output.trim() || `it ended with ${exitCode}`;
}

/** Until the time is over, or the container has ended. */
async function sleepIn(
  container: StoredContainer,
  durationMs: number,
  { timeoutMs, interruption }: Patience,
): Promise<void> {
  using init = openInitOf(container.address);
  if (init === undefined) {
    return;
  }
  const awaited = [{ fd: init.number, events: POLLIN }];
  const deadline = performance.now() + Math.min(durationMs, timeoutMs);
  let events = 0;
  // Nothing may go on waiting for the descriptor behind an interruption, which a wait does not see.
  while (events === 0 && performance.now() < deadline && interruption?.aborted !== true) {
    const leftMs = deadline - performance.now();
    const turnMs = interruption === undefined ? leftMs : Math.min(leftMs, INTERRUPTION_MS);
    [events = 0] = await pollInLoop(awaited, turnMs);
  }
}
