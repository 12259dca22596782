// A pod is the record of its process, which is a container without an image: what is true of a container's
// folder, name, start and end is true of a pod's. Its containers name it in their records. So there is
// nothing about a pod that could contradict what is there of it.

import { call } from "../../sys/call.ts";
import type { ContainerRecord, StoredOptions } from "../containers/container-record.ts";
import type { RunSource } from "../run-options.ts";

export interface PodRecord extends ContainerRecord {
  readonly options: StoredOptions & {
    readonly source: Extract<RunSource, { readonly kind: "pause" }>;
  };
}

export function isPod(record: ContainerRecord): record is PodRecord {
  return record.options.source.kind === "pause";
}

/** The kernel's limit, less one. */
const LONGEST_HOSTNAME = 63;

export function podHostname({ name, options }: ContainerRecord): string {
  return options.hostname ?? name.slice(0, LONGEST_HOSTNAME);
}

/** The cgroup of the pod: pod-cgroup.ts. Undefined: an ordinary user has no place for it. */
export function podCgroupPath(
  id: string,
  { cgroupParent = "" }: Pick<StoredOptions, "cgroupParent">,
): string | undefined {
  const parent = cgroupParent.replace(/^\/+|\/+$/g, "");
  const isWanted = call("geteuid") === 0 || parent !== "";
  return isWanted ? `/${parent === "" ? "" : `${parent}/`}ocicat-pod-${id}` : undefined;
}
