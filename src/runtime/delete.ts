// delete: gives back everything that a container has.

import { LOCK_EX } from "../abi/file.ts";
import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Hook } from "../oci/hooks.ts";
import { decodeRuntimeConfig } from "../oci/parse/config.ts";
import { removeContainer } from "./clean-up.ts";
import { runHooksToTheEnd } from "./hooks.ts";
import { type ContainerState, StateDirectory } from "./state-directory.ts";
import { ociState, statusOf } from "./status.ts";

export interface ContainerAddress {
  readonly stateRoot: string;
  readonly id: string;
}

export interface DeleteOptions extends ContainerAddress {
  /** Kill a running container; and nothing to delete is no error. */
  readonly force?: boolean;
  /** Hears of poststop hooks that failed: they do not keep a container from being deleted. */
  readonly onWarning?: (text: string) => void;
}

export function deleteContainer(options: DeleteOptions): void {
  using folder = openForDelete(options);
  if (folder === undefined) {
    return;
  }
  const state = folder.readStateIfExists();
  if (state === undefined) {
    folder.remove();
    return;
  }
  checkDeletable(options, folder, state);
  const hooks = poststopHooks(folder);
  const failures = removeContainer(folder, state);
  const hookFailures = runHooksToTheEnd("poststop", hooks, ociState(state, "stopped"));
  const [first, ...others] = [...failures, ...hookFailures];
  if (first !== undefined && failures.length > 0) {
    if (first instanceof OcicatError) {
      first.cleanupFailures.push(...others);
    }
    throw first;
  }
  for (const failure of hookFailures) {
    options.onWarning?.(failure instanceof Error ? failure.message : String(failure));
  }
}

function openForDelete({ stateRoot, id, force }: DeleteOptions): StateDirectory | undefined {
  try {
    return StateDirectory.open(stateRoot, id, LOCK_EX);
  } catch (error) {
    const isMissing = error instanceof OcicatError && error.code === "not-found";
    if (force === true && isMissing) {
      return undefined;
    }
    throw error;
  }
}

/** A created container is killed without asking, as runc does. */
function checkDeletable(
  { id, force }: DeleteOptions,
  directory: StateDirectory,
  state: ContainerState,
): void {
  const status = statusOf(directory, state);
  if (force !== true && (status === "running" || status === "paused")) {
    throw new OcicatError("wrong-state", {
      operation: "delete",
      subject: `container ${quote(id)}`,
      reason: `cannot delete container ${id} that is not stopped: ${status}`,
    });
  }
}

/** From the stored configuration, which the runtime itself wrote after it had checked it. */
function poststopHooks(directory: StateDirectory): readonly Hook[] {
  const config = directory.readConfig();
  return config.includes('"poststop"') ? (decodeRuntimeConfig(config).hooks?.poststop ?? []) : [];
}
