// What a caller asks the plan compiler for, beside the configuration.

import type { IdMapping } from "../oci/mount.ts";
import type { Process } from "../oci/process.ts";
import type { Spec } from "../oci/spec.ts";
import type { HoldLog } from "../program/hold-request.ts";
import type { AdditionalGroups } from "./additional-groups.ts";
import type { HostFacts } from "./host-facts.ts";

interface RootPaths {
  /** These paths, and those of bind mounts, may be closed to the container's root: see callers-paths.ts. */
  readonly areCallers?: boolean;
}

/** Where the container's root file system comes from. */
export type RootFilesystem =
  | ({ readonly kind: "path"; readonly path: string; readonly idMapped?: boolean } & RootPaths)
  | ({
      readonly kind: "overlay";
      /** Its files keep the ids that the container sees: see id-mapped-root.ts. */
      readonly idMapped?: boolean;
      /** Topmost first. */
      readonly lower: readonly string[];
      /** In the same folder as `work`. */
      readonly upper: string;
      readonly work: string;
      /** Overlay attributes under user.overlay: what a user namespace may do. */
      readonly userXattr: boolean;
      /** Nobody wants it after a power cut: the end of the mount does not wait for the disk. Linux 5.10. */
      readonly isBrief?: boolean;
      /** A kernel before 6.8: it would refuse layers one by one, and say so in its log. */
      readonly takesAllAtOnce?: boolean;
      /** An empty directory, on which the container alone sees the mount. */
      readonly mountPoint: string;
    } & RootPaths);

/** Mounts that a container shares with another one. */
export interface SharedMounts {
  readonly mounts: readonly SharedMount[];
  /** The other one's mount namespace, a path. */
  readonly mountNamespace: string;
  /** Where that one belongs to a user namespace which is not ours: a path. */
  readonly userNamespace?: string;
}

export interface SharedMount {
  /** Of one of the configuration's mounts. */
  readonly destination: string;
  /** Where the other one has it. */
  readonly source: string;
}

/** How the container's init enters its cgroup. */
export interface CgroupEntryRequest {
  /** Directories for CLONE_INTO_CGROUP, best first. */
  readonly into: readonly string[];
  /** `tasks` files that the process writes "0" to. */
  readonly tasks: readonly string[];
  /** The process waits, before that, for a message: its systemd scope is being made. */
  readonly needsScope: boolean;
}

/** What becomes of the stage once init is on its way. */
export type StageEnd =
  /** The stage exits; init belongs to the caller's subreaper. Init waits for `start`. */
  | { readonly kind: "create" }
  /** Init starts at once; the stage waits for it and ends as it did. */
  | { readonly kind: "run" }
  /** As "run", but the stage exits at once. */
  | { readonly kind: "detach" }
  | HoldEnd;

/** The stage keeps the container: pipes or terminal, log, attach socket, exit record. */
export interface HoldEnd {
  readonly kind: "hold";
  /** Whether the process has an open standard input; else it is the null device. */
  readonly stdin: boolean;
  /** The input ends when a primary client goes. */
  readonly stdinIsPrimarys?: boolean;
  /** The client that is attached from the start: a connected stream socket. */
  readonly primaryFd?: number;
  /** A listening stream socket, for clients that come later. */
  readonly listenerFd?: number;
  /** Where the exit record goes. */
  readonly directoryFd: number;
  /** The record is soon removed again: nobody waits until it is on the disk. */
  readonly isRecordBrief?: boolean;
  readonly log?: HoldLog;
  /** The file that counts the container's out-of-memory kills: it may go with the last process. */
  readonly oomCountPath?: string;
  /** -1000 to 1000: the caller's, which is lowered for the holder. Absent: it may not be. */
  readonly ownOomScore?: number;
  /** By which another holder can take over. Absent: pipes, which end with this one. */
  readonly fifos?: { readonly stdout: OutputFifo; readonly stderr: OutputFifo };
  /** Absolute paths of what the holder removes when all is over: sockets, FIFOs. */
  readonly removedPaths?: readonly string[];
  /** Executed by the holder when all is over. */
  readonly onExit?: ExitCommand;
  /** The container's init is ours, and its process a child of that. */
  readonly reaps?: boolean;
  /** Stay open in the holder, for the locks on them. */
  readonly lockFds?: readonly number[];
  /** Started before the container is held, and again whenever it goes. */
  readonly supervisor?: SupervisorStart;
}

/** A program that runs once for many containers: while one has the lock, no other is executed. */
export interface SupervisorStart {
  /** A program and its arguments, the first its path. Descriptor 3 is the lock's file, locked. */
  readonly command: readonly string[];
  /** "NAME=value". */
  readonly environment: readonly string[];
  /** A file in a folder that is there. */
  readonly lockPath: string;
}

export interface OutputFifo {
  /** Where it is made: an absolute path in a folder that no container sees. */
  readonly path: string;
  /**
   * Writing fails when nobody reads any more, as it does at a pipe. Otherwise the container's own end is
   * open for reading, too, and whoever writes while there is no holder waits for the next one.
   */
  readonly endsWithReader: boolean;
}

/** Those that the caller opens for the holder. */
export function holdersDescriptors(end: Omit<HoldEnd, "kind" | "stdin">): number[] {
  const { primaryFd, listenerFd, directoryFd, log, lockFds = [] } = end;
  const fds = [primaryFd, listenerFd, directoryFd, log?.directoryFd, ...lockFds];
  return fds.filter((fd) => fd !== undefined);
}

export interface ExitCommand {
  /** A program and its arguments, the first its path. */
  readonly command: readonly string[];
  /** "NAME=value". */
  readonly environment: readonly string[];
  /** A primary client that is there to see the end does it in the holder's place. */
  readonly isLeftToPrimary: boolean;
}

export interface CreateRequest {
  readonly spec: Spec;
  readonly facts: HostFacts;
  readonly id: string;
  /** Absolute path of the bundle: relative paths of the configuration count from there. */
  readonly bundle: string;
  readonly rootFilesystem: RootFilesystem;
  readonly sharedMounts?: SharedMounts | undefined;
  readonly cgroup: CgroupEntryRequest;
  /** `tasks` files of linux.intelRdt, which the process writes "0" to. */
  readonly resctrlTasks?: readonly string[];
  /** Absolute path of the container's state directory. */
  readonly stateDirectory: string;
  readonly end: StageEnd;
  /** A connected socket that takes the terminal's master (--console-socket). */
  readonly consoleFd?: number;
  /** A connected socket that takes init's pidfd (--pidfd-socket). */
  readonly pidfdSocketFd?: number;
  /** A connected socket that takes the seccomp notify descriptor and the container's state. */
  readonly seccompListenerFd?: number;
  /** Descriptors 3 to 3 + this - 1 reach the container's process. */
  readonly preserveFds: number;
  readonly noPivot: boolean;
  readonly noNewKeyring: boolean;
  /** Those of descriptors 0 to 2 that are pipes or terminals: the process's user gets them. */
  readonly ownedStdio: readonly number[];
}

export interface ExecRequest {
  readonly process: Process;
  /** The container's configuration. */
  readonly spec: Spec;
  readonly facts: HostFacts;
  readonly id: string;
  /** A pidfd of the container's init. */
  readonly initPidfd: number;
  /** CLONE_NEW* of the namespaces that init has for itself. */
  readonly namespaces: number;
  readonly cgroup: CgroupEntryRequest;
  readonly resctrlTasks?: readonly string[];
  readonly end: { readonly kind: "run" } | { readonly kind: "detach" } | HoldEnd;
  readonly additionalGroups: AdditionalGroups;
  readonly consoleFd?: number;
  readonly pidfdSocketFd?: number;
  readonly seccompListenerFd?: number;
  readonly preserveFds: number;
  readonly noNewKeyring: boolean;
  readonly ownedStdio: readonly number[];
}

/** A pair of id maps, as newuidmap or the kernel takes them. */
export interface IdMaps {
  readonly uid: readonly IdMapping[];
  readonly gid: readonly IdMapping[];
  /** Whose `uidMappings` and `gidMappings` they are: "mounts[3]"; absent: "linux". */
  readonly place?: string;
}
