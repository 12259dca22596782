// pod ps, pod inspect: what is known of pods.

import { NO_RESTART } from "../containers/restart-policy.ts";
import { filterCondition, parseFilters } from "../list-filters.ts";
import type { PodNamespace } from "../run-options.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { allPods, type FoundContainer, type FoundPod, findPod } from "./open-pods.ts";
import { POD_FILTERS } from "./pod-filters.ts";
import { podCgroupPath, podHostname } from "./pod-record.ts";
import { type PodState, podState } from "./pod-status.ts";

export interface ListedPod extends FoundPod {
  readonly state: PodState;
}

export interface ListPodsOptions extends SurroundingsOptions {
  /** "KEY=VALUE": see pod-filters.ts. */
  readonly filters?: readonly string[];
}

/** The latest first. */
export async function listPods(options: ListPodsOptions): Promise<readonly ListedPod[]> {
  const filters = parseFilters(options.filters ?? [], Object.keys(POD_FILTERS));
  const matches = filterCondition(filters, POD_FILTERS);
  return allPods(await readSurroundings(options))
    .map(withState)
    .filter(matches);
}

function withState(pod: FoundPod): ListedPod {
  return { ...pod, state: podState([pod.status, ...pod.members.map(({ status }) => status)]) };
}

/** With the fields of `podman pod inspect`. Throws "not-found". */
export async function inspectPod(word: string, options: SurroundingsOptions) {
  const pod = withState(await findPod(word, options));
  const { record, state, members } = pod;
  const { source, labels = {}, cgroupParent = "", restart = NO_RESTART } = record.options;
  const { shared, exitPolicy } = source.pod;
  const cgroupPath = podCgroupPath(record.id, record.options);
  return {
    Id: record.id,
    Name: record.name,
    Created: record.created,
    ExitPolicy: exitPolicy,
    State: state,
    Hostname: podHostname(record),
    Labels: labels,
    CreateCgroup: cgroupPath !== undefined,
    CgroupParent: cgroupParent,
    CgroupPath: cgroupPath ?? "",
    CreateInfra: true,
    InfraContainerID: record.id,
    InfraConfig: infraReport(pod),
    SharedNamespaces: shared.map(namespaceName),
    RestartPolicy: restart.kind,
    NumContainers: members.length + 1,
    Containers: [
      nameAndState(pod, `${record.name}-infra`),
      ...members.map((each) => nameAndState(each)),
    ],
  };
}

/** Podman's. */
export function namespaceName(type: PodNamespace): string {
  return type === "network" ? "net" : type;
}

/** One that runs is ready where no probe says otherwise, as Kubernetes has it. */
function nameAndState({ record, status, isReady = true }: FoundContainer, name = record.name) {
  const Ready = isReady && status.kind === "running";
  return { Id: record.id, Name: name, State: status.kind, Ready };
}

function infraReport({ record: { options }, status }: FoundPod) {
  const { network, namespaces, names = {}, source, shmSize, sysctls = {} } = options;
  const { memory = 0, cpus = 0 } = source.pod.limits;
  return {
    HostNetwork: network === "host",
    NetworkMode: network,
    PidNamespace: namespaces?.pid ?? "private",
    IpcNamespace: namespaces?.ipc ?? "private",
    UtsNamespace: namespaces?.uts ?? "private",
    Pid: status.kind === "running" || status.kind === "paused" ? status.pid : 0,
    DNSServer: names.servers ?? [],
    DNSSearch: names.searchDomains ?? [],
    DNSOption: names.resolverOptions ?? [],
    HostAdd: (names.hosts ?? []).map(({ name, address }) => `${name}:${address}`),
    NoManageHosts: names.keepsHosts === true,
    Sysctls: sysctls,
    ShmSize: shmSize ?? 0,
    MemoryLimit: memory,
    CPUs: cpus,
  };
}
