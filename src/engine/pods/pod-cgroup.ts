// The cgroup of a pod: the parent of those of its process and its containers, with the limits of all
// of them together.
//
//   PARENT/ocicat-pod-ID/ocicat-ID          the pod's process
//   PARENT/ocicat-pod-ID/ocicat-CONTAINER   a container
//
// It is there while something of the pod runs: a start makes it, and whatever ends last removes it.

import { AT_FDCWD } from "../../abi/file.ts";
import { createCgroup } from "../../cgroup/create.ts";
import { planCgroup } from "../../cgroup/intent.ts";
import { directoriesOf } from "../../cgroup/members.ts";
import { applyResources } from "../../cgroup/resources.ts";
import type { ContainerCgroup } from "../../cgroup/types.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { Resources } from "../../oci/resources.ts";
import { call } from "../../sys/call.ts";
import { tryRmdirAt } from "../../sys/file.ts";
import { limitResources } from "../run-limits.ts";
import type { CreatePodOptions } from "./create-pod.ts";
import { type PodRecord, podCgroupPath } from "./pod-record.ts";

export function makePodCgroup(pod: PodRecord): void {
  const resources = limitResources(pod.options.source.pod.limits);
  const cgroup = planned(pod);
  if (cgroup === undefined) {
    refuseLimits(pod, resources);
    return;
  }
  makeUnlessThere(cgroup, resources);
  applyResources(cgroup, resources);
}

/** Of one that is to be created: its first start would refuse the limits. */
export function requireLimitable({ name, cgroupParent, limits = {} }: CreatePodOptions): void {
  const parent = cgroupParent === undefined ? {} : { cgroupParent };
  if (podCgroupPath("", parent) === undefined) {
    refuseLimits({ name: name ?? "" }, limitResources(limits));
  }
}

/** Containers of a pod whose process is started again may run in it. */
function makeUnlessThere(cgroup: ContainerCgroup, resources: Resources): void {
  try {
    createCgroup(cgroup, resources);
  } catch (error) {
    if (!(error instanceof OcicatError && error.code === "already-exists")) {
      throw error;
    }
  }
}

function refuseLimits({ name }: Pick<PodRecord, "name">, resources: Resources): void {
  if (Object.keys(resources).length > 0) {
    throw new OcicatError("unsupported", {
      operation: "limit",
      subject: `pod ${quote(name)}`,
      reason: "an ordinary user's pod has no cgroup of its own",
      hint: "--cgroup-parent names one that has been delegated to you",
    });
  }
}

/** Not while something is in it. */
export function removePodCgroup(pod: PodRecord): void {
  const cgroup = planned(pod);
  for (const directory of cgroup === undefined ? [] : directoriesOf(cgroup)) {
    tryRmdirAt(AT_FDCWD, directory);
  }
}

function planned(pod: PodRecord): ContainerCgroup | undefined {
  const cgroupsPath = podCgroupPath(pod.id, pod.options);
  return cgroupsPath === undefined
    ? undefined
    : planCgroup({
        containerId: pod.id,
        cgroupsPath,
        systemd: false,
        rootless: call("geteuid") !== 0,
      });
}
