// What `create` and `run` can be told.

import type { ConsoleSize } from "../oci/process.ts";
import type { RootFilesystem, SharedMounts } from "../plan/request.ts";
import type { ServiceManager } from "./service-protocols.ts";

export interface CreateOptions {
  readonly id: string;
  /** Absolute path of the folder with config.json. */
  readonly bundle: string;
  /** Folder of all containers' state: "/run/ocicat". */
  readonly stateRoot: string;
  /** Use systemd for the cgroup. */
  readonly systemdCgroup?: boolean;
  /** Permission problems with cgroups are expected; default: when the runtime is not privileged. */
  readonly rootless?: boolean;
  /** Path of a Unix socket that takes the terminal's master. */
  readonly consoleSocket?: string;
  /** In place of `consoleSocket`: a connected one, which stays the caller's. */
  readonly consoleFd?: number;
  /** Of the caller's terminal: in place of process.consoleSize. */
  readonly terminalSize?: ConsoleSize | undefined;
  /** Path of a Unix socket that takes the pidfd of the container's process. */
  readonly pidfdSocket?: string;
  /** A file for the pid of the container's process. */
  readonly pidFile?: string;
  /** Descriptors 3 to 3 + this - 1 reach the container's process. */
  readonly preserveFds?: number;
  /** An open descriptor that becomes number 3 of the container's process; preserveFds counts it. */
  readonly firstFd?: number;
  readonly noPivot?: boolean;
  readonly noNewKeyring?: boolean;
  /** What the runtime's own service manager gives the container. */
  readonly serviceManager?: ServiceManager | undefined;
  /** In place of root.path of the configuration. */
  readonly rootFilesystem?: RootFilesystem;
  /** Of the configuration's mounts, those that another container's mount namespace has. */
  readonly sharedMounts?: SharedMounts | undefined;
  /** The configuration, in place of the bundle's config.json. */
  readonly config?: string;
  /** Hears what the specification wants warned of: what is ignored, or cannot be given here. */
  readonly onWarning?: (text: string) => void;
  /** Tests: SIGKILL ends this process before this op of the program. */
  readonly killAtOp?: number;
}
