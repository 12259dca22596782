// update: other limits for a container, and another restart policy. They hold from now on, and when it
// starts again.

import type { Resources } from "../../oci/resources.ts";
import { update } from "../../runtime/update.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { requireFirstVersion } from "../first-version-limits.ts";
import { checkMemory, limitResources, type RunLimits } from "../run-limits.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { type ContainerRecord, writeContainerRecord } from "./container-record.ts";
import type { RestartPolicy } from "./restart-policy.ts";
import { openContainer } from "./stored-container.ts";

export interface UpdateContainerOptions extends SurroundingsOptions {
  /** What is not named stays as it is. */
  readonly limits: RunLimits;
  /** As many processes as the machine allows, in place of a limit. */
  readonly unlimitedPids: boolean;
  readonly restart?: RestartPolicy;
}

/** The limits of one that runs change at once; what the kernel refuses changes nothing. */
export async function updateContainer(
  word: string,
  options: UpdateContainerOptions,
): Promise<void> {
  requireFirstVersion(options.limits);
  using container = await openContainer(word, options);
  using _lock = container.folder.lock();
  const { kind } = container.status();
  const changed = changedRecord(container.record, options);
  checkMemory(changed.options.limits);
  const resources = changedResources(options, changed.options.limits);
  if ((kind === "running" || kind === "paused") && Object.keys(resources).length > 0) {
    update({ ...container.address, resources });
  }
  writeContainerRecord(container.folder.fd, changed);
  recordContainerEvent(container, "update");
}

/** `all`: what holds afterwards. Memory and swap are said together: the one counts in the other. */
function changedResources(
  { limits, unlimitedPids }: UpdateContainerOptions,
  { memory, memorySwap }: RunLimits,
): Resources {
  const hasMemory = limits.memory !== undefined || limits.memorySwap !== undefined;
  const both = {
    ...(memory === undefined ? {} : { memory }),
    ...(memorySwap === undefined ? {} : { memorySwap }),
  };
  return {
    ...limitResources(hasMemory ? { ...limits, ...both } : limits),
    ...(unlimitedPids ? { pids: { limit: -1 } } : {}),
  };
}

function changedRecord(
  record: ContainerRecord,
  { limits, unlimitedPids, restart }: UpdateContainerOptions,
): ContainerRecord {
  const { pids, ...others } = mergedLimits(record.options.limits, limits);
  return {
    ...record,
    options: {
      ...record.options,
      limits: unlimitedPids || pids === undefined ? others : { ...others, pids },
      ...(restart === undefined ? {} : { restart }),
    },
  };
}

/** CPU time is said in two ways, of which the later one counts. Exported for its tests. */
export function mergedLimits(before: RunLimits, wanted: RunLimits): RunLimits {
  const { cpus, cpuPeriod, cpuQuota, ...others } = before;
  const isByCpus = wanted.cpus !== undefined;
  const isByQuota = wanted.cpuQuota !== undefined || wanted.cpuPeriod !== undefined;
  return {
    ...others,
    ...(cpus === undefined || isByQuota ? {} : { cpus }),
    ...(cpuPeriod === undefined || isByCpus ? {} : { cpuPeriod }),
    ...(cpuQuota === undefined || isByCpus ? {} : { cpuQuota }),
    ...wanted,
  };
}
