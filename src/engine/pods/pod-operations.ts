// What can be done with a pod that is there. Each operation takes the word that the user calls it by, and
// returns the pod's id when it is done. Containers start behind the pod's process, in the order in which they
// were created, and end before it, all at the same time: each may take as long as it does alone.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import {
  killContainer,
  pauseByName,
  removeContainer,
  type StartOptions,
  type StopOptions,
  startByName,
  stopContainer,
  unpauseByName,
} from "../containers/container-operations.ts";
import { stopToRestart } from "../containers/restart-container.ts";
import { tryOpenById } from "../containers/stored-container.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { listPods } from "./list-pods.ts";
import { type FoundContainer, type FoundPod, findPod, isLive } from "./open-pods.ts";

/** What runs goes on. Every container is tried; the first failure is thrown in the end. */
export async function startPod(
  word: string,
  options: SurroundingsOptions & Pick<StartOptions, "interruption">,
): Promise<string> {
  const { record, members } = await findPod(word, options);
  const leaving = { ...options, leavesPaused: true };
  await startByName(record.id, leaving);
  await forEach(members, options, (id) => startByName(id, leaving));
  return record.id;
}

export function stopPod(word: string, options: StopOptions): Promise<string> {
  return endPod(word, options, stopContainer);
}

export async function restartPod(word: string, options: StopOptions): Promise<string> {
  return startPod(await endPod(word, options, stopToRestart), options);
}

async function endPod(
  word: string,
  options: StopOptions,
  end: typeof stopContainer,
): Promise<string> {
  const { record, members } = await findPod(word, options);
  const ends = members
    .toReversed()
    .map(({ record: { id } }) => end(id, options).catch(unlessRemoved(id, options)));
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") {
    throw failed.reason;
  }
  await end(record.id, options);
  return record.id;
}

export interface KillPodOptions extends SurroundingsOptions {
  readonly signal: number;
}

/** Its containers that run get the signal, and its process where there are none. */
export async function killPod(word: string, options: KillPodOptions): Promise<string> {
  const pod = await findPod(word, options);
  const running = requireLive(pod, "kill");
  await forEach(running.toReversed(), options, (id) => killContainer(id, options));
  return pod.record.id;
}

export async function pausePod(word: string, options: SurroundingsOptions): Promise<string> {
  const pod = await findPod(word, options);
  const running = requireLive(pod, "pause").filter(({ status }) => status.kind === "running");
  await forEach(running.toReversed(), options, (id) => pauseByName(id, options));
  return pod.record.id;
}

export async function unpausePod(word: string, options: SurroundingsOptions): Promise<string> {
  const pod = await findPod(word, options);
  const paused = requireLive(pod, "unpause").filter(({ status }) => status.kind === "paused");
  await forEach(paused, options, (id) => unpauseByName(id, options));
  return pod.record.id;
}

/** The pod's process and its containers, as far as they run. */
function requireLive({ record, status, members }: FoundPod, operation: string) {
  const running: FoundContainer[] = [{ record, status }, ...members].filter(isLive);
  if (running.length === 0) {
    throw new OcicatError("wrong-state", {
      operation,
      subject: `pod ${quote(record.name)}`,
      reason: "nothing of it runs",
    });
  }
  return running;
}

export interface RemovePodOptions extends SurroundingsOptions {
  /** End what runs. */
  readonly force?: boolean;
  /** How long that has until it is killed; 0 when absent. */
  readonly timeoutMs?: number;
}

/** With its containers and their volumes without a name. Throws "wrong-state" where one runs, unless forced. */
export async function removePod(word: string, options: RemovePodOptions): Promise<string> {
  const pod = await findPod(word, options);
  if (options.force !== true) {
    refuseRunning(pod);
  }
  const { id } = pod.record;
  // Without the lock: what ends may stop the pod, which takes it.
  const { force = false, timeoutMs = 0 } = options;
  await stopPod(id, { ...options, ...(force ? { timeoutMs } : {}) });
  const found = await findPod(id, options);
  await forEach(found.members.toReversed(), options, (member) =>
    removeContainer(member, { ...options, volumes: true }),
  );
  await removeContainer(id, options);
  return id;
}

/** Behind a promise: of one that is gone by then, as one with --rm goes with its end, nothing is left to be done. */
function unlessRemoved(
  id: string,
  options: SurroundingsOptions,
): (error: unknown) => Promise<void> {
  return async (error) => {
    using container = tryOpenById(id, await readSurroundings(options));
    if (container !== undefined) {
      throw error;
    }
  };
}

function refuseRunning({ record, members }: FoundPod): void {
  const [first] = members.filter(isLive);
  if (first !== undefined) {
    throw new OcicatError("wrong-state", {
      operation: "remove",
      subject: `pod ${quote(record.name)}`,
      reason: `its container ${quote(first.record.name)} is ${first.status.kind}`,
      hint: "stop it first, or remove it with --force",
    });
  }
}

/** Those of which nothing runs, unless nothing ever ran. Returns their ids. */
export async function prunePods(options: SurroundingsOptions): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const { record, state } of await listPods(options)) {
    if (state === "Exited" || state === "Stopped" || state === "Dead") {
      const id = await removePod(record.id, options).catch(unlessChanged);
      removed.push(...(id === undefined ? [] : [id]));
    }
  }
  return removed;
}

/** Behind a promise: somebody else has removed it, or started it. */
function unlessChanged(error: unknown): undefined {
  const { code } = error instanceof OcicatError ? error : { code: undefined };
  if (code !== "not-found" && code !== "wrong-state") {
    throw error;
  }
}

async function forEach(
  containers: readonly FoundContainer[],
  options: SurroundingsOptions,
  act: (id: string) => Promise<unknown>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const { record } of containers) {
    try {
      await act(record.id).catch(unlessRemoved(record.id, options));
    } catch (error) {
      failures.push(error);
    }
  }
  const [first] = failures;
  if (first !== undefined) {
    throw first;
  }
}
