// pod ps, pod inspect: what is known of pods.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { NO_RESTART } from "../containers/restart-policy.ts";
import { hasLabel } from "../labels.ts";
import type { PodNamespace } from "../run-options.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { allPods, type FoundContainer, type FoundPod, findPod } from "./open-pods.ts";
import { podCgroupPath, podHostname } from "./pod-record.ts";
import { type PodState, podState } from "./pod-status.ts";

export interface ListedPod extends FoundPod {
  readonly state: PodState;
}

export interface ListPodsOptions extends SurroundingsOptions {
  /** "KEY=VALUE": id (its beginning), name (a part of it), status, label, ctr-names, ctr-ids, ctr-status. */
  readonly filters?: readonly string[];
}

/** The latest first. */
export async function listPods(options: ListPodsOptions): Promise<readonly ListedPod[]> {
  const matches = parseFilters(options.filters ?? []);
  return allPods(await readSurroundings(options))
    .map(withState)
    .filter(matches);
}

function withState(pod: FoundPod): ListedPod {
  return { ...pod, state: podState([pod.status, ...pod.members.map(({ status }) => status)]) };
}

type Test = (pod: ListedPod, value: string) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  id: ({ record }, value) => record.id.startsWith(value),
  name: ({ record }, value) => record.name.includes(value),
  status: ({ state }, value) => state.toLowerCase() === value.toLowerCase(),
  label: ({ record }, value) => hasLabel(record.options.labels ?? {}, value),
  "ctr-names": ({ members }, value) => members.some(({ record }) => record.name.includes(value)),
  "ctr-ids": ({ members }, value) => members.some(({ record }) => record.id.startsWith(value)),
  "ctr-status": ({ members }, value) => members.some(({ status }) => status.kind === value),
};

/** Values of one key are alternatives, keys have to match all. */
function parseFilters(filters: readonly string[]): (pod: ListedPod) => boolean {
  const pairs = filters.map((filter) => {
    const equals = filter.indexOf("=");
    const key = filter.slice(0, Math.max(equals, 0));
    if (!Object.hasOwn(TESTS, key)) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: `the filter ${quote(filter)}`,
        reason: `a filter is KEY=VALUE with a key of ${Object.keys(TESTS).join(", ")}`,
      });
    }
    return { key, value: filter.slice(equals + 1) };
  });
  const wanted = Map.groupBy(pairs, ({ key }) => key);
  return (pod) =>
    [...wanted].every(([key, alternatives]) =>
      alternatives.some(({ value }) => TESTS[key]?.(pod, value) === true),
    );
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

function namespaceName(type: PodNamespace): string {
  return type === "network" ? "net" : type;
}

function nameAndState({ record, status }: FoundContainer, name = record.name) {
  return { Id: record.id, Name: name, State: status.kind };
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
