// What a container of a document may use: as limits of the engine, and as what variables tell of it. No I/O.

import type { RunLimits } from "../run-limits.ts";
import type { KubeContext } from "./kube-context.ts";
import type { KubeResources } from "./kube-objects.ts";
import { SHARES_OF_A_CPU } from "./quantities.ts";

const LEAST_SHARES = 2;

/** A limit of 0 is none; one of more CPUs than there are, as many as there are. */
export function limitsOf(
  resources: KubeResources,
  { machine }: Pick<KubeContext, "machine">,
): RunLimits {
  const {
    "limits.memory": memory = 0,
    "limits.cpu": cpus = 0,
    "requests.memory": reservation = 0,
    "requests.cpu": shares,
  } = resources;
  return {
    ...(memory === 0 ? {} : { memory: Math.ceil(memory) }),
    ...(cpus === 0 ? {} : { cpus: Math.min(cpus, machine.cpus) }),
    ...(reservation === 0 ? {} : { memoryReservation: Math.ceil(reservation) }),
    ...(shares === undefined
      ? {}
      : { cpuShares: Math.max(LEAST_SHARES, Math.round(shares * SHARES_OF_A_CPU)) }),
  };
}

/** Without a limit it is the machine's, as Kubernetes has it; without a request the limit. */
export function resourceValue(
  resources: KubeResources,
  field: keyof KubeResources,
  { machine }: Pick<KubeContext, "machine">,
): number {
  switch (field) {
    case "limits.cpu":
      return resources[field] || machine.cpus;
    case "limits.memory":
      return resources[field] || machine.memoryBytes;
    case "requests.cpu":
      return resources[field] ?? resources["limits.cpu"] ?? 0;
    case "requests.memory":
      return resources[field] ?? resources["limits.memory"] ?? 0;
  }
}
