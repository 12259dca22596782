// What can be done with a container that is there: one function for each command. Each takes the word
// that the user calls it by, and returns when it is done.

import { SIGKILL } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { kill } from "../../runtime/kill.ts";
import { pauseContainer } from "../../runtime/pause.ts";
import { resumeContainer } from "../../runtime/resume.ts";
import { beginPhases } from "../../sys/phases.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { recordEnd } from "../events/record-end.ts";
import { isPod } from "../pods/pod-record.ts";
import { imageOf } from "../run-image.ts";
import type { RunContainerOptions } from "../run-options.ts";
import {
  placeOf,
  readSurroundings,
  type Surroundings,
  type SurroundingsOptions,
} from "../surroundings.ts";
import {
  awaitEnd,
  type EndingOptions,
  endContainer,
  endLost,
  seeEnd,
  settlerOf,
} from "./await-end.ts";
import { checkContainerName, claimName, releaseName } from "./container-names.ts";
import {
  isStopped,
  isUnreadable,
  noteStop,
  readContainerRecord,
  readStartRecord,
  writeContainerRecord,
} from "./container-record.ts";
import { type ContainerStatus, isLive, stateWord } from "./container-status.ts";
import { type OpenContainer, removeContainerFiles, removeOwnVolumes } from "./create-container.ts";
import { isAboutToRestart } from "./due-restart.ts";
import { endAfterHook } from "./end-after-hook.ts";
import { childOfHolder } from "./holder-process.ts";
import { pausedAlready, requireKind, requireRunning } from "./require-running.ts";
import { NO_RESTART } from "./restart-policy.ts";
import { forgetShutdown, isOurRestart, removeRestartRecord } from "./restart-record.ts";
import { giveBack } from "./settle-container.ts";
import { startContainer as startStored } from "./start-container.ts";
import { stopRequest } from "./stop-request.ts";
import { DEFAULT_STOP_MS } from "./stop-signal.ts";
import { eachReadable, openContainer, type StoredContainer } from "./stored-container.ts";

export interface StopOptions extends SurroundingsOptions, EndingOptions {
  /** In place of the container's own. */
  readonly timeoutMs?: number;
  readonly signal?: number;
}

/** One that does not run is left as it is. */
export async function stopContainer(word: string, options: StopOptions): Promise<void> {
  using container = await openContainer(word, options);
  noteStopOf(container);
  if (await endAfterHook(container, { ...stopRequest(container), ...options })) {
    recordContainerEvent(container, "stop");
  }
}

/** Not while it is being started, which forgets what stopped the run before. */
function noteStopOf({ folder }: StoredContainer): void {
  using _lock = folder.lock();
  noteStop(folder.fd);
}

export interface KillOptions extends SurroundingsOptions, EndingOptions {
  readonly signal: number;
}

/** Throws "wrong-state" unless it runs. */
export async function killContainer(word: string, options: KillOptions): Promise<void> {
  using container = await openContainer(word, options);
  requireRunning(container, "kill");
  const { signal, settle, standsStill = false } = options;
  const isEnd = signal === SIGKILL;
  if (isEnd) {
    noteStop(container.folder.fd);
  }
  const ending = { settle: isEnd ? settle : undefined, standsStill };
  using settler = await settlerOf(container, ending);
  kill({ ...container.address, signal });
  recordContainerEvent(container, "kill", { signal: String(signal) });
  if (isEnd) {
    await seeEnd(container, settler, { timeoutMs: DEFAULT_STOP_MS, ...ending });
  }
}

export async function pauseByName(word: string, options: SurroundingsOptions): Promise<void> {
  using container = await openContainer(word, options);
  requireRunning(container, "pause");
  requireKind(container, "running", "pause");
  pauseContainer(container.address);
  recordContainerEvent(container, "pause");
}

export async function unpauseByName(word: string, options: SurroundingsOptions): Promise<void> {
  using container = await openContainer(word, options);
  requireRunning(container, "unpause");
  requireKind(container, "paused", "unpause");
  resumeContainer(container.address);
  recordContainerEvent(container, "unpause");
}

export interface StartOptions extends SurroundingsOptions {
  /** A connected stream socket for the client that is attached from the start. */
  readonly primaryFd?: number;
  /** Its restart policy starts it: not if a user has ended it meanwhile. */
  readonly isRestart?: boolean;
  /** One that is paused is good enough: it has what others join. */
  readonly leavesPaused?: boolean;
  /** Aborted: what is done after the start is not waited for. */
  readonly interruption?: AbortSignal | undefined;
}

/** False: it runs already, and is left as it is. Throws "wrong-state" for one that is paused. */
export async function startByName(word: string, options: StartOptions): Promise<boolean> {
  beginPhases();
  using container = await openContainer(word, options);
  const hooks =
    container.record.options.lifecycle?.postStart === undefined
      ? undefined
      : await import("../health/lifecycle.ts");
  const isStarted = await startUnlessLive(container, options);
  if (isStarted) {
    await hooks?.afterStart(container, options);
  }
  return isStarted;
}

async function startUnlessLive(
  container: StoredContainer,
  options: StartOptions,
): Promise<boolean> {
  using _lock = container.folder.lock();
  requirePresent(container);
  const { kind } = container.status();
  const { isRestart = false, leavesPaused = isRestart } = options;
  if (kind === "paused" && !leavesPaused) {
    throw pausedAlready(container);
  }
  if (kind === "running" || kind === "paused" || (isRestart && !isStillDue(container))) {
    return false;
  }
  const restarts = isRestart ? (readStartRecord(container.folder.fd)?.restarts ?? 0) + 1 : 0;
  const { surroundings, idMaps } = container;
  const { pod, requires = [] } = container.record.options;
  await startRequired([...(pod === undefined ? [] : [pod]), ...requires], surroundings);
  if (kind === "lost") {
    await endLost(container, { signal: SIGKILL, timeoutMs: 0 });
  }
  recordEnd(container, container.status());
  await giveBack(container);
  const stored = restartOptions(container);
  using image = await imageOf(stored, surroundings);
  using opened: OpenContainer = { ...parts(container), image, [Symbol.dispose]: () => undefined };
  const { primaryFd } = options;
  await startStored({
    container: opened,
    options: stored,
    surroundings,
    idMaps,
    restarts,
    ...(primaryFd === undefined ? {} : { primaryFd }),
  });
  return true;
}

/** What a container needs before it is started, by ids: its pod's process, other containers. */
export async function startRequired(
  ids: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  for (const id of ids) {
    await startByName(id, { ...placeOf(surroundings), leavesPaused: true });
  }
}

/** For the process that waited: nobody has stopped it, or started it himself, meanwhile. */
function isStillDue({ folder, surroundings }: StoredContainer): boolean {
  return !isStopped(folder.fd) && isOurRestart(surroundings.stateRoot, folder.id);
}

/** With the lock held: nobody has removed it while it was waited for. */
function requirePresent({ folder, record }: StoredContainer): void {
  if (readContainerRecord(folder.fd) === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `container ${quote(record.name)}`,
      reason: "it has been removed",
    });
  }
}

/**
 * The names of those that a boot starts, by their restart policies; of pods the ids. What runs is not among
 * them. In an order in which they can be started.
 */
export async function containersToBoot(options: SurroundingsOptions): Promise<readonly string[]> {
  const surroundings = await readSurroundings(options);
  forgetShutdown(surroundings.stateRoot);
  const wanted = eachReadable(surroundings, (container) => {
    const { kind } = container.record.options.restart ?? NO_RESTART;
    const isWanted =
      kind === "always" || (kind === "unless-stopped" && !isStopped(container.folder.fd));
    return isWanted && !isLive(container.status()) ? [container.record] : [];
  }).flat();
  const { bootOrder } = await import("./dependents.ts");
  return bootOrder(wanted);
}

function parts({ record, folder }: StoredContainer): Pick<OpenContainer, "record" | "folder"> {
  return { record, folder };
}

/** The image by its digest: its name may mean another one by now. */
function restartOptions({ record }: StoredContainer): RunContainerOptions {
  const { image } = record;
  return {
    ...record.options,
    ...(image === undefined
      ? {}
      : { source: { kind: "image", reference: image.digest }, pullPolicy: "never" }),
  };
}

export interface RemoveOptions extends SurroundingsOptions, EndingOptions {
  /** Kill one that runs. */
  readonly force?: boolean;
  /** Its own volumes, too: those without a name. */
  readonly volumes?: boolean;
}

/** Throws "wrong-state" for one that runs, unless forced. By force also one goes that can't be read. */
export async function removeContainer(word: string, options: RemoveOptions): Promise<void> {
  try {
    using container = await openContainer(word, options);
    await removeOpen(container, options);
  } catch (error) {
    if (options.force !== true || !isUnreadable(error)) {
      throw error;
    }
    const { removeUnreadable } = await import("./sweep-containers.ts");
    await removeUnreadable(word, options);
  }
}

async function removeOpen(container: StoredContainer, options: RemoveOptions): Promise<void> {
  await endForRemoval(container, options);
  using _lock = container.folder.lock();
  if (readContainerRecord(container.folder.fd) === undefined) {
    return;
  }
  if (options.force !== true) {
    // It may have been started again while the lock was waited for.
    requireOver(container, container.status());
  }
  if (isPod(container.record)) {
    const { requireEmpty } = await import("../pods/open-pods.ts");
    requireEmpty(container.record, container.surroundings);
  }
  recordEnd(container, container.status());
  await giveBack(container);
  removeRestartRecord(container.surroundings.stateRoot, container.record.id);
  await removeContainerFiles(container, container.surroundings, container.idMaps);
  if (options.volumes === true) {
    await removeOwnVolumes(container.record, container.surroundings, container.idMaps);
  }
}

/** Of many containers that are to be removed by force: what takes time. The removal does the rest. */
export async function killForRemoval(
  word: string,
  options: SurroundingsOptions & EndingOptions,
): Promise<void> {
  using container = await openContainer(word, options);
  await endForRemoval(container, { ...options, force: true });
}

async function endForRemoval(
  container: StoredContainer,
  { force, settle, standsStill = false }: RemoveOptions,
): Promise<void> {
  const status = container.status();
  if (force !== true) {
    requireOver(container, status);
  }
  if (isLive(status) || isAboutToRestart(container, status) || isOutOfReach(container, status)) {
    noteStopOf(container);
    const ending = { standsStill, ...(settle === undefined ? {} : { settle }) };
    await endContainer(container, { signal: SIGKILL, timeoutMs: 0, ...ending });
  } else {
    await awaitEnd(container, { timeoutMs: DEFAULT_STOP_MS, standsStill });
  }
}

/** It runs, though nobody can do anything with it. */
function isOutOfReach({ folder }: StoredContainer, { kind }: ContainerStatus): boolean {
  const started = kind === "lost" ? readStartRecord(folder.fd) : undefined;
  return started !== undefined && childOfHolder(started) !== undefined;
}

/** Throws "wrong-state" for one that runs, or is about to be started again. */
function requireOver(container: StoredContainer, status: ContainerStatus): void {
  const isRestarted = isAboutToRestart(container, status);
  const isStray = isOutOfReach(container, status);
  if (isLive(status) || isRestarted || isStray) {
    const word = isStray ? "running" : stateWord(status);
    throw new OcicatError("wrong-state", {
      operation: "remove",
      subject: `container ${quote(container.record.name)}`,
      reason: `it is ${isRestarted ? "restarting" : word}`,
      hint: "stop it first, or remove it with --force",
    });
  }
}

export async function renameContainer(
  word: string,
  name: string,
  options: SurroundingsOptions,
): Promise<void> {
  checkContainerName(name);
  using container = await openContainer(word, options);
  using _lock = container.folder.lock();
  const { record, surroundings } = container;
  const { storeRoot } = surroundings;
  if (record.name === name) {
    return;
  }
  if (!claimName(storeRoot, name, record.id)) {
    throw new OcicatError("already-exists", {
      operation: "rename",
      subject: `container ${quote(record.name)}`,
      reason: `the name ${quote(name)} is in use by another container`,
    });
  }
  writeContainerRecord(container.folder.fd, { ...record, name });
  releaseName(storeRoot, record.name, record.id);
  const renamed = { surroundings, record: { ...record, name } };
  recordContainerEvent(renamed, "rename", { oldName: record.name });
}
