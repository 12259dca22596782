// state: what a container is right now, without changing anything.

import type { ContainerAddress } from "./delete.ts";
import { type ContainerState, StateDirectory } from "./state-directory.ts";
import { type Status, statusOf } from "./status.ts";

/** What `state` prints. */
export interface ContainerReport {
  readonly ociVersion: string;
  readonly id: string;
  /** 0 when it has stopped. */
  readonly pid: number;
  readonly status: Status;
  readonly bundle: string;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function queryState({ stateRoot, id }: ContainerAddress): ContainerReport {
  using directory = StateDirectory.openUnlocked(stateRoot, id);
  return reportOf(directory, directory.readState());
}

export function reportOf(directory: StateDirectory, state: ContainerState): ContainerReport {
  const status = statusOf(directory, state);
  return {
    ociVersion: state.ociVersion,
    id: state.id,
    pid: status === "stopped" ? 0 : state.pid,
    status,
    bundle: state.bundle,
    rootfs: state.rootfs,
    created: state.created,
    ...(Object.keys(state.annotations).length === 0 ? {} : { annotations: state.annotations }),
  };
}
