// What a container has of its pod, from the moment when it is created: which namespaces are the pod's, its
// place in the pod's cgroup, names of hosts, and what becomes of it when it ends.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { ContainerFolder } from "../containers/container-folder.ts";
import { readContainerRecord } from "../containers/container-record.ts";
import type { NamespaceMode, RunContainerOptions, RunNamespaces } from "../run-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { findPodAlone } from "./open-pods.ts";
import { type PodRecord, podCgroupPath, podHostname } from "./pod-record.ts";

/** Throws "invalid-argument" for what the pod decides alone. */
export async function withPod(
  options: RunContainerOptions & { readonly pod: string },
  surroundings: Surroundings,
): Promise<RunContainerOptions> {
  const { record } = await findPodAlone(options.pod, surroundings);
  return optionsIn(record, options);
}

function optionsIn(pod: PodRecord, options: RunContainerOptions): RunContainerOptions {
  const { shared } = pod.options.source.pod;
  refuseChoices(pod, options);
  const restart = options.restart ?? (options.remove ? undefined : pod.options.restart);
  const cgroupParent = options.cgroupParent ?? podCgroupPath(pod.id, pod.options);
  return {
    ...options,
    pod: pod.id,
    ...podUsers(pod),
    network: shared.includes("network") ? podNetwork(pod) : options.network,
    namespaces: { ...podNamespaces(pod), ...options.namespaces },
    ...(shared.includes("uts") ? { hostname: podHostname(pod) } : {}),
    ...(restart === undefined ? {} : { restart }),
    ...(cgroupParent === undefined ? {} : { cgroupParent }),
    names: { ...pod.options.names, ...options.names },
  };
}

/** Whatever else it shares. */
function podUsers({ id, options: { users } }: PodRecord): Pick<RunContainerOptions, "users"> {
  return users?.kind === "maps"
    ? { users: { kind: "maps", uid: users.uid, gid: users.gid, joins: `container:${id}` } }
    : {};
}

/** What is the host's is joined as such: a pod's user namespace gives no right to it. */
function podNetwork({ id, options: { network } }: PodRecord): RunContainerOptions["network"] {
  return network === "host" ? network : `container:${id}`;
}

function podNamespaces({ id, options: { source, namespaces = {} } }: PodRecord): RunNamespaces {
  const modes = source.pod.shared.flatMap((type) => {
    if (type === "network") {
      return [];
    }
    const mode: NamespaceMode = namespaces[type] === "host" ? "host" : `container:${id}`;
    return [[type, mode] as const];
  });
  return Object.fromEntries(modes);
}

function refuseChoices(pod: PodRecord, options: RunContainerOptions): void {
  const { shared } = pod.options.source.pod;
  const refused = [
    ["--network", shared.includes("network") && options.network !== "none"],
    ["--hostname", shared.includes("uts") && options.hostname !== undefined],
    ["--systemd-cgroup", options.systemdCgroup],
    ["--userns", options.users !== undefined],
  ] as const;
  for (const [flag, isRefused] of refused) {
    if (isRefused) {
      throw new OcicatError("invalid-argument", {
        operation: "use",
        subject: flag,
        reason: `pod ${quote(pod.name)} decides that for all of its containers`,
        hint: "`ocicat pod create` takes it",
      });
    }
  }
}

/** Until it is disposed of the pod is not removed: then the container's record has to name it. */
export function keepPod(id: string, { storeRoot }: Surroundings): Disposable {
  using folder = ContainerFolder.open(storeRoot, id);
  using stack = new DisposableStack();
  stack.use(folder.lock());
  if (readContainerRecord(folder.fd) === undefined) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `pod ${quote(id.slice(0, 12))}`,
      reason: "it has been removed",
    });
  }
  return stack.move();
}
