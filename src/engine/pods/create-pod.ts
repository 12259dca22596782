// Makes a pod. Nothing runs before one of its containers is started, or the pod.

import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import { createContainer } from "../containers/create-container.ts";
import type { RestartPolicy } from "../containers/restart-policy.ts";
import { requireFirstVersion } from "../first-version-limits.ts";
import { plainOptions } from "../plain-options.ts";
import type { RunLimits } from "../run-limits.ts";
import type { RunNames } from "../run-names.ts";
import { podMemoryPath } from "../run-namespaces.ts";
import type {
  PodMemory,
  PodNamespace,
  PodSettings,
  RunContainerOptions,
  RunNamespaces,
  RunNetwork,
  RunUsers,
} from "../run-options.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { requireLimitable } from "./pod-cgroup.ts";

export interface CreatePodOptions extends SurroundingsOptions {
  readonly name?: string;
  /** What its containers have in common; absent: DEFAULT_SHARED. */
  readonly shared?: readonly PodNamespace[];
  /** "none" when absent: loopback alone. */
  readonly network?: RunNetwork;
  /** Absent: the pod's own. */
  readonly namespaces?: RunNamespaces;
  /** The pod's name when absent. */
  readonly hostname?: string;
  readonly names?: RunNames;
  /** Of all its containers; absent: those of the host, or an ordinary user's. */
  readonly users?: RunUsers;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Bytes of the common /dev/shm. */
  readonly shmSize?: number;
  /** Folders in memory that its containers can have in common, where they share its ipc namespace. */
  readonly memory?: readonly PodMemory[];
  /** Of all its containers together. */
  readonly limits?: RunLimits;
  readonly cgroupParent?: string;
  /** Of its process, and of its containers that have none of their own. */
  readonly restart?: RestartPolicy;
  /** "continue" when absent. */
  readonly exitPolicy?: PodSettings["exitPolicy"];
  /** A file that gets its id. Nothing may be there before. */
  readonly idFile?: string;
}

/** Podman's. */
export const DEFAULT_SHARED: readonly PodNamespace[] = ["ipc", "network", "uts"];

/** Returns its id. Throws "already-exists" for a name in use, by a container too. */
export async function createPod(options: CreatePodOptions): Promise<string> {
  requireFirstVersion(options.limits ?? {});
  requireLimitable(options);
  const surroundings = await readSurroundings(options);
  const maps = rootlessIdMaps(process.env["USER"]);
  using container = await createContainer(pauseOptions(options), surroundings, maps);
  return container.record.id;
}

/** It may do nothing, and has nothing that it could do something with. */
const NOTHING_ALLOWED = {
  addedCapabilities: [],
  droppedCapabilities: ["ALL"],
  seccomp: "default",
  noNewPrivileges: true,
} as const;

/** Everybody may write, as to the folder on the disk that it stands for. */
function tmpfsOf({ name, size }: PodMemory): string {
  const limit = size === undefined ? "" : `,size=${Math.floor(size)}`;
  return `${podMemoryPath(name)}:mode=1777${limit}`;
}

function pauseOptions(options: CreatePodOptions): RunContainerOptions {
  const {
    shared = DEFAULT_SHARED,
    exitPolicy = "continue",
    limits = {},
    memory = [],
    network = "none",
    storeRoot: _store,
    stateRoot: _state,
    flags: _flags,
    onWarning: _warn,
    ...others
  } = options;
  const pod = { shared, exitPolicy, limits };
  return plainOptions({ kind: "pause", pod }, [], {
    ...others,
    network,
    // The first process of a pid namespace hears nothing else.
    stopSignal: "KILL",
    log: { driver: "none", maxSize: 0, maxFiles: 1, onFull: "block" },
    readOnly: true,
    tmpfs: memory.map(tmpfsOf),
    security: NOTHING_ALLOWED,
  });
}
