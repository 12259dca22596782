// The initContainers of a pod that is played: each runs to its end before the next, but for those that go on
// beside the pod's containers.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { onAbort } from "../../sys/abort.ts";
import { waitForContainer } from "../containers/await-exit.ts";
import { removeContainer, startByName } from "../containers/container-operations.ts";
import type { SurroundingsOptions } from "../surroundings.ts";

export interface PlayingOptions extends SurroundingsOptions {
  readonly signal?: AbortSignal;
}

export interface FirstContainer {
  readonly id: string;
  readonly isSidecar: boolean;
}

export async function runFirst({ id, isSidecar }: FirstContainer, options: PlayingOptions) {
  if (isSidecar) {
    await startByName(id, { ...options, interruption: options.signal });
  } else {
    await runToEnd(id, options);
  }
}

function interrupted(): OcicatError {
  return new OcicatError("interrupted", {
    operation: "play",
    subject: "the file",
    reason: "it was interrupted",
  });
}

export function requireGoingOn({ signal }: PlayingOptions): void {
  if (signal?.aborted === true) {
    throw interrupted();
  }
}

async function unlessAborted<Result>(
  waiting: Promise<Result>,
  options: PlayingOptions,
): Promise<Result> {
  // It ends, too, when its container is removed.
  waiting.catch(() => undefined);
  requireGoingOn(options);
  const { promise: abort, reject } = Promise.withResolvers<never>();
  using _interruption = onAbort(options.signal, () => reject(interrupted()));
  return await Promise.race([waiting, abort]);
}

/** One that has done its work is not needed any more. */
async function runToEnd(id: string, options: PlayingOptions): Promise<void> {
  await startByName(id, options);
  const code = await unlessAborted(waitForContainer(id, options), options);
  if (code !== 0) {
    throw new OcicatError("unavailable", {
      operation: "run",
      subject: `the init container ${quote(id.slice(0, 12))}`,
      reason: `it ended with ${code}`,
      hint: "`ocicat kube play --start=false` makes the pod without running anything, to look into it",
    });
  }
  await removeContainer(id, { ...options, volumes: true });
}
