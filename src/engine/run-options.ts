// What `ocicat run` can be told.

import type { PullPolicy } from "../config/schema.ts";
import type { ImageEvent } from "../image/image-event.ts";
import type { PersonalityDomain } from "../oci/linux.ts";
import type { IdMapping } from "../oci/mount.ts";
import type { RestartPolicy } from "./containers/restart-policy.ts";
import type { RunHealth } from "./health/health-check.ts";
import type { RunLifecycle } from "./health/lifecycle-hooks.ts";
import type { RegistryAccess } from "./images/transfer-options.ts";
import type { RunAccounts } from "./run-accounts.ts";
import type { RunDevice, RunDeviceRule } from "./run-devices.ts";
import type { RunLimits, RunUlimit } from "./run-limits.ts";
import type { RunNames } from "./run-names.ts";
import type { RunSecurity } from "./security.ts";

/** What the container's root file system is made from. */
export type RunSource =
  | { readonly kind: "image"; readonly reference: string }
  | { readonly kind: "rootfs"; readonly path: string }
  | { readonly kind: "hello" }
  /** The process of a pod (src/engine/pods): it has the namespaces that the pod's containers share. */
  | { readonly kind: "pause"; readonly pod: PodSettings };

export const POD_NAMESPACES = ["network", "ipc", "uts", "pid", "cgroup"] as const;
export type PodNamespace = (typeof POD_NAMESPACES)[number];

export interface PodSettings {
  /** What its containers have in common. */
  readonly shared: readonly PodNamespace[];
  /** What becomes of it when the last of its containers has ended. */
  readonly exitPolicy: "continue" | "stop";
  /** Of all its containers together. */
  readonly limits: RunLimits;
}

/** Whose ids the users of a container have on the host. */
export type RunUsers =
  /** Those that no other container has, so many of them, and some as they are asked for. */
  | {
      readonly kind: "auto";
      /** Absent: 65536 for root, else as many as the image needs. */
      readonly size?: number;
      readonly uid?: readonly IdMapping[];
      readonly gid?: readonly IdMapping[];
    }
  /** All that subuid(5) and subgid(5) lend to these names. */
  | { readonly kind: "lent"; readonly uidsOf: string; readonly gidsOf: string }
  /** Who runs the container is the same user inside, or the one that is given. */
  | { readonly kind: "keep-id"; readonly uid?: number; readonly gid?: number }
  /** Who runs the container has no place inside. */
  | { readonly kind: "nomap" }
  | JoinedUsers
  | ChosenUsers;

/** Those of a user namespace that is there. */
export interface JoinedUsers {
  readonly kind: "join";
  readonly namespace: Exclude<NamespaceMode, "private" | "host">;
}

/**
 * What the others become when the container is created. An ordinary user asks for ids as they are counted
 * (users/nested-ids.ts); in a record they are the host's.
 */
export interface ChosenUsers {
  readonly kind: "maps";
  readonly uid: readonly IdMapping[];
  readonly gid: readonly IdMapping[];
  /** The namespace that has them; absent: a new one. */
  readonly joins?: JoinedUsers["namespace"];
  /** No other container has them. */
  readonly isAuto?: boolean;
}

export interface RunMount {
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
  /** "rprivate" when absent. */
  readonly propagation?: MountPropagation;
  /** Its files have the ids that they have on the host, also where the container's users have others. */
  readonly idMapped?: boolean;
  /** What of the source is mounted, wherever links in it lead inside of it; absent: all. */
  readonly subpath?: string;
}

export type MountPropagation = "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave";

export interface RunImageMount {
  readonly reference: string;
  /** Of the manifest; absent until the container is created. */
  readonly digest?: string;
  readonly destination: string;
  /** A part of the image; absent: all of it. */
  readonly subpath?: string;
  /** With a writable layer that goes with the container. */
  readonly writable: boolean;
}

/** A new file system of the kernel's. */
export interface RunFileSystem {
  readonly type: "devpts" | "ramfs";
  readonly destination: string;
  readonly options: readonly string[];
}

/** A folder in memory of a pod's process, where the pod's containers have it from. */
export interface PodMemory {
  readonly name: string;
  /** Bytes; absent: half of the machine's. */
  readonly size?: number;
}

export interface PodMemoryMount extends PodMemory {
  readonly destination: string;
  readonly readOnly: boolean;
}

/** What is mounted in place of a volume's folder in the store. */
export interface VolumeMount {
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

export interface RunVolume {
  /** Absent only until the container is created: it gets a volume of its own. */
  readonly name?: string;
  readonly destination: string;
  readonly readOnly: boolean;
  /** Whether a new one begins with what the image has in its place. */
  readonly copies: boolean;
  /** Removed with the container where that is asked for. */
  readonly anonymous?: boolean;
  /** As RunMount has it. */
  readonly subpath?: string;
  /** By the options that the volume was made with; found when the container is created. */
  readonly mounted?: VolumeMount;
}

/** What the value of a variable is put together of. */
export type SecretPart =
  | string
  /** The variable of the container that has this secret alone. */
  | { readonly secret: string; readonly variable: string };

/** By its name: no record of a container has its value. */
export type RunSecret =
  | { readonly kind: "env"; readonly name: string; readonly target: string }
  /** A variable with secrets in it. Its name is that of the first. */
  | {
      readonly kind: "text";
      readonly name: string;
      readonly target: string;
      readonly parts: readonly SecretPart[];
    }
  | {
      readonly kind: "mount";
      readonly name: string;
      /** Absolute, inside. */
      readonly target: string;
      readonly uid: number;
      readonly gid: number;
      readonly mode: number;
    };

/** A container whose volumes and mounts this one has, too. */
export interface RunVolumesFrom {
  readonly container: string;
  readonly readOnly: boolean;
}

export interface RunContainerOptions {
  readonly source: RunSource;
  /** Of an image: "linux/arm64"; absent: this machine's. */
  readonly platform?: string;
  /** The setting "image.pull-policy"; absent: what the configuration says. */
  readonly pullPolicy?: PullPolicy;
  /** In place of the image's Cmd. */
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly name?: string;
  /** The pod that it is a part of: a name or an id; in a record the whole id. */
  readonly pod?: string;
  readonly env: readonly string[];
  /** "NAME=VALUE" with "${OTHER}" for a variable of the image. */
  readonly mergedEnv?: readonly string[];
  /** Without those of the image and those that every container has. */
  readonly clearsEnv?: boolean;
  readonly umask?: number;
  /** "Europe/Berlin", or "local": the host's. */
  readonly timeZone?: string;
  readonly workdir?: string;
  /** USER[:GROUP], by names of the image or numbers. */
  readonly user?: string;
  readonly hostname?: string;
  /** Of NIS. */
  readonly domainName?: string;
  /** Texts of files of its cgroup, version 2, by their names. */
  readonly cgroupFiles?: Readonly<Record<string, string>>;
  readonly personality?: PersonalityDomain;
  /** A file that gets the pid of its process at each start. */
  readonly pidFile?: string;
  /** A file that gets the pid of its holder. */
  readonly holderPidFile?: string;
  /** Other containers, which are started before it: names or ids; in a record whole ids. */
  readonly requires?: readonly string[];
  /** "80/tcp": where it listens, for whoever asks; what its image says is added. */
  readonly exposedPorts?: readonly string[];
  /** What is added to its /etc/passwd and /etc/group. */
  readonly accounts?: RunAccounts;
  /** Keep standard input open. */
  readonly interactive: boolean;
  readonly terminal: boolean;
  /** Remove the container when it has ended. */
  readonly remove: boolean;
  /** Do not wait for its end. */
  readonly detach?: boolean;
  readonly restart?: RestartPolicy;
  /** Before the container is made: what is asked for on top of what the image says. */
  readonly health?: RunHealth;
  readonly lifecycle?: RunLifecycle;
  /** Until it has succeeded there are no other probes. */
  readonly startupProbe?: RunHealth;
  /** Whether it may be given work. */
  readonly readinessProbe?: RunHealth;
  readonly labels?: Readonly<Record<string, string>>;
  /** Where its output is kept. */
  readonly log?: RunLog;
  /** Sent by `stop`, "SIGTERM"; absent: what the image says. */
  readonly stopSignal?: string;
  /** How long `stop` waits before it kills; 10 s when absent. */
  readonly stopTimeoutMs?: number;
  readonly readOnly: boolean;
  readonly mounts: readonly RunMount[];
  readonly volumes?: readonly RunVolume[];
  /** Absent once the container is created: then they are among its own. */
  readonly volumesFrom?: readonly RunVolumesFrom[];
  readonly tmpfs: readonly string[];
  /** Folders in memory that it has in common with the other containers of its pod. */
  readonly podMemory?: readonly PodMemoryMount[];
  readonly imageMounts?: readonly RunImageMount[];
  readonly fileSystems?: readonly RunFileSystem[];
  /** What becomes of the volumes that the image wants; absent: new volumes. */
  readonly imageVolumes?: "tmpfs" | "ignore";
  /** "private" is "none": nothing but loopback. */
  readonly network: RunNetwork;
  readonly secrets?: readonly RunSecret[];
  /** The other namespaces; absent: all its own. */
  readonly namespaces?: RunNamespaces;
  /** A user namespace of its own; absent: none, or the one that an ordinary user's container has. */
  readonly users?: RunUsers;
  readonly limits: RunLimits;
  readonly ulimits?: readonly RunUlimit[];
  /** -1000 to 1000. */
  readonly oomScoreAdj?: number;
  /** Names or numbers, in addition to the user's own. */
  readonly groups?: readonly string[];
  /** The process has the groups of the ordinary user who starts it in their place. */
  readonly keepsGroups?: boolean;
  readonly sysctls?: Readonly<Record<string, string>>;
  /** Bytes of /dev/shm; 64 MiB when absent. */
  readonly shmSize?: number;
  /** There is no /dev/shm. */
  readonly noSharedMemory?: boolean;
  readonly devices?: readonly RunDevice[];
  readonly deviceRules?: readonly RunDeviceRule[];
  readonly names?: RunNames;
  readonly annotations?: Readonly<Record<string, string>>;
  /** A file that gets the container's id. Nothing may be there before. */
  readonly idFile?: string;
  /** The container's first process is ours: it hands signals on and reaps orphans. */
  readonly reaps?: boolean;
  /** A program of the host that does so in its place. */
  readonly init?: string;
  /** Absent: DEFAULT_SECURITY. */
  readonly security?: RunSecurity;
  readonly systemdCgroup: boolean;
  /** The container's cgroup is made below this one: a path below the root, or a slice of systemd. */
  readonly cgroupParent?: string;
  /** The settings "store.root" and "state.root"; absent: what the configuration says. */
  readonly storeRoot?: string;
  readonly stateRoot?: string;
  /** How an image is fetched. */
  readonly registry?: RegistryAccess;
  /** In the foreground, those of this process's streams that are the container's; absent: all. */
  readonly attached?: AttachedStreams;
  /** What leaves a terminal, as parseDetachKeys has it; the setting's when absent. */
  readonly detachKeys?: readonly number[];
  /** Signals end this process, and the container goes on. */
  readonly keepsSignals?: boolean;
  /** So many of this process's descriptors, from 3 on, reach the container's. */
  readonly preserveFds?: number;
  /** Gets all that the container writes, in place of standard output and standard error. */
  readonly outputFd?: number;
  /** Gets its standard error alone. */
  readonly errorFd?: number;
  /**
   * In the foreground: this process has nothing else to do, and stands still. Without it the event loop
   * goes on.
   */
  readonly standsStill?: boolean;
  readonly onWarning?: (text: string) => void;
  /** Sees how an image is fetched, or made ready for its first container. */
  readonly progress?: RunProgress;
  /** Aborted: an image that is on its way is not waited for, with an error of code "interrupted". */
  readonly signal?: AbortSignal;
}

export interface AttachedStreams {
  readonly input: boolean;
  readonly output: boolean;
  readonly error: boolean;
}

/** Drawn in run-namespaces.ts. */
export type NamespaceMode = "private" | "host" | `container:${string}` | `ns:${string}`;

export interface RunNamespaces {
  readonly ipc?: NamespaceMode;
  readonly uts?: NamespaceMode;
  readonly pid?: NamespaceMode;
  readonly cgroup?: NamespaceMode;
}

export type RunNetwork = "none" | Exclude<NamespaceMode, "private">;

export interface RunLog {
  /** "none": nowhere. */
  readonly driver: "file" | "none";
  /** Bytes of one file; 0: no limit. */
  readonly maxSize: number;
  readonly maxFiles: number;
  readonly onFull: "block" | "drop";
}

export interface RunProgress {
  show(event: ImageEvent): void;
  /** The image is there: nothing follows but the container. */
  finish(): Promise<void>;
}
