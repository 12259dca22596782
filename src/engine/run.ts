// run: from an image, a folder or the built-in hello to a container's exit code. The container is kept
// by a holder from the start; a run in the foreground is its first client.

import { SOCK_STREAM } from "../abi/process.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { AttachEnd } from "../holder/attach.ts";
import { rootlessIdMaps } from "../image/owners/lent-ids.ts";
import { deleteContainer } from "../runtime/delete.ts";
import { placeHolder } from "../runtime/place-holder.ts";
import { OwnedFd } from "../sys/file.ts";
import { beginPhases, endPhase } from "../sys/phases.ts";
import { exitCodeOf, waitForPid } from "../sys/process.ts";
import { socketPair } from "../sys/socket.ts";
import { attachStreams } from "./containers/attach-streams.ts";
import {
  createContainer,
  type NewContainer,
  type OpenContainer,
  removeContainerFiles,
  removeOwnVolumes,
} from "./containers/create-container.ts";
import { ownScope } from "./containers/own-scope.ts";
import { mayRestart } from "./containers/restart-policy.ts";
import { settleContainer } from "./containers/settle-container.ts";
import { tellPodOf } from "./containers/settle-ended.ts";
import { type StartRequest, startContainer } from "./containers/start-container.ts";
import { recordContainerEvent } from "./events/container-event.ts";
import { isExecutionFailure } from "./execution-failure.ts";
import type { RunContainerOptions } from "./run-options.ts";
import { readSurroundings, type Surroundings } from "./surroundings.ts";

export type RunEnd =
  | {
      readonly kind: "exited";
      readonly code: number;
      /** From the beginning of this process to the execution of the container's. */
      readonly startedAfterMs: number;
    }
  /** The container goes on; its id. */
  | { readonly kind: "detached"; readonly id: string };

/** In the foreground this process's standard streams are the container's. */
export function runContainer(options: RunContainerOptions): Promise<RunEnd> {
  beginPhases();
  return inItsPod(options, runMember);
}

async function runMember(options: RunContainerOptions): Promise<RunEnd> {
  const surroundings = await readSurroundings(options);
  const idMaps = rootlessIdMaps(process.env["USER"]);
  using container = await createContainer(options, surroundings, idMaps);
  const chosen = { ...options, ...container.record.options };
  const request = { container, options: chosen, surroundings, idMaps };
  await orRemove(request, () => startBefore(container, surroundings));
  if (options.detach === true) {
    await orRemove(request, () => startContainer(request));
    await afterStartOf(container, surroundings, options);
    return { kind: "detached", id: container.record.id };
  }
  using streams = new DisposableStack();
  const attending = { ...chosen, ...(await attachedOptions(chosen, streams)) };
  const attended = { ...request, options: attending };
  const [clientFd, holderFd] = socketPair(SOCK_STREAM);
  using client = new OwnedFd(clientFd);
  using holder = new OwnedFd(holderFd);
  recordContainerEvent({ ...container, surroundings }, "attach");
  const staysInUnit = chosen.remove;
  const held = await orRemove(request, () =>
    startContainer({
      ...attended,
      options: { ...attending, interactive: chosen.interactive },
      primaryFd: holder.number,
      staysInUnit,
    }),
  );
  const startedAfterMs = performance.now();
  await afterStartOf(container, surroundings, options);
  container.lock[Symbol.dispose]();
  holder[Symbol.dispose]();
  const keys = options.detachKeys === undefined ? {} : { detachKeys: options.detachKeys };
  const end = await orKill(request, () => attachStreams(client.number, { ...attended, ...keys }));
  endPhase("attached");
  if (end.kind === "detached") {
    if (staysInUnit) {
      placeHolder(
        held.holderPid,
        container.record.id,
        ownScope("the container", options.onWarning),
      );
    }
    recordContainerEvent({ ...container, surroundings }, "detach");
    return { kind: "detached", id: container.record.id };
  }
  const isRestarted = mayRestart(container.record.options);
  if (end.kind === "exited" && !isRestarted) {
    waitForPid(held.holderPid);
  }
  if (!isRestarted) {
    await settleContainer({ ...container, surroundings, idMaps });
    await tellPodOf({ record: container.record, surroundings });
    endPhase("settled");
  }
  return { kind: "exited", code: codeOf(end, container), startedAfterMs };
}

/** What is attached waits as long: nothing that the container writes meanwhile is lost. */
async function afterStartOf(
  { record, lock }: NewContainer,
  surroundings: Surroundings,
  options: RunContainerOptions,
): Promise<void> {
  if (record.options.lifecycle?.postStart !== undefined) {
    lock[Symbol.dispose]();
    const { afterStartById } = await import("./health/lifecycle.ts");
    await afterStartById(record.id, surroundings, { ...options, interruption: options.signal });
  }
}

/** Its input stays open, whether it is attached or not. */
async function attachedOptions(
  { attached, interactive }: RunContainerOptions,
  stack: DisposableStack,
): Promise<Partial<RunContainerOptions>> {
  if (attached === undefined) {
    return {};
  }
  const { attachedFds } = await import("./containers/attached-streams.ts");
  return { ...attachedFds(attached, stack), interactive: interactive && attached.input };
}

/** Makes the container and does not start it. Returns its id. */
export function createOnly(options: RunContainerOptions): Promise<string> {
  return inItsPod(options, async (member) => {
    const surroundings = await readSurroundings(member);
    const idMaps = rootlessIdMaps(process.env["USER"]);
    using container = await createContainer(member, surroundings, idMaps);
    return container.record.id;
  });
}

/** "new:NAME" makes the pod, too. */
async function inItsPod<Result>(
  options: RunContainerOptions,
  act: (member: RunContainerOptions) => Promise<Result>,
): Promise<Result> {
  const name = newPodName(options.pod);
  if (name === undefined) {
    return act(options);
  }
  const { withNewPod } = await import("./pods/with-new-pod.ts");
  return withNewPod(name, options, act);
}

const NEW_POD = "new:";

function newPodName(pod: string | undefined): string | undefined {
  return pod?.startsWith(NEW_POD) === true ? pod.slice(NEW_POD.length) : undefined;
}

/** What it requires, and its pod's process, are there before it. */
async function startBefore({ record }: OpenContainer, surroundings: Surroundings): Promise<void> {
  const { pod, requires = [] } = record.options;
  const needed = [...(pod === undefined ? [] : [pod]), ...requires];
  if (needed.length > 0) {
    const { startRequired } = await import("./containers/container-operations.ts");
    await startRequired(needed, surroundings);
  }
}

function codeOf(
  end: Exclude<AttachEnd, { readonly kind: "detached" }>,
  { record }: OpenContainer,
): number {
  if (end.kind === "disconnected" || end.status === undefined) {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject: `container ${quote(record.name)}`,
      reason: "its holder ended without telling how the container did",
    });
  }
  return exitCodeOf(end.status);
}

/**
 * A container that did not come to run leaves nothing: a mistake is told, and the command given again. But where its
 * program alone can't be executed it stays, as docker's and podman's do, unless it was to be removed.
 */
async function orRemove<Result>(
  { container, surroundings, idMaps }: StartRequest,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (isExecutionFailure(error) && !container.record.options.remove) {
      throw error;
    }
    const removed = removeContainerFiles(container, surroundings, idMaps).then(() =>
      removeOwnVolumes(container.record, surroundings, idMaps),
    );
    const failures = await removed.then(
      () => [],
      (failure: unknown) => [failure],
    );
    if (error instanceof OcicatError) {
      error.cleanupFailures.push(...failures);
    }
    throw error;
  }
}

/** A container that nobody can attend to any more does not go on in secret. */
async function orKill<Result>(
  { container, surroundings, idMaps }: StartRequest,
  attend: () => Promise<Result>,
): Promise<Result> {
  try {
    return await attend();
  } catch (error) {
    const { id } = container.record;
    deleteContainer({ stateRoot: surroundings.containerStateRoot, id, force: true });
    await settleContainer({ ...container, surroundings, idMaps });
    throw error;
  }
}
