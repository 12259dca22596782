// The state of a pod, by podman's rules, from those of its containers, its own process among them. No I/O.

import type { ContainerStatus } from "../containers/container-status.ts";

export const POD_STATES = [
  "Created",
  "Running",
  // Some of its containers run, others do not.
  "Degraded",
  "Paused",
  // All have ended.
  "Exited",
  // Some have ended, none runs.
  "Stopped",
  // None runs, and of one it is not known how it ended.
  "Dead",
] as const;

export type PodState = (typeof POD_STATES)[number];

export function podState(statuses: readonly Pick<ContainerStatus, "kind">[]): PodState {
  const count = (wanted: ContainerStatus["kind"]): number =>
    statuses.filter(({ kind }) => kind === wanted).length;
  const running = count("running");
  if (running > 0) {
    return running === statuses.length ? "Running" : "Degraded";
  }
  if (statuses.length > 0 && count("paused") === statuses.length) {
    return "Paused";
  }
  const ended = count("exited");
  if (ended > 0) {
    return ended === statuses.length ? "Exited" : "Stopped";
  }
  return count("lost") > 0 ? "Dead" : "Created";
}
