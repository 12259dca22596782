// The state of a container, as the runtime specification has `state` print it and hooks read it on
// their standard input. Source: runtime.md, section "State".

export interface State {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: ContainerStatus;
  /** In the runtime's pid namespace; absent when stopped. */
  readonly pid?: number;
  /** Absolute. */
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export type ContainerStatus = "creating" | "created" | "running" | "stopped";

/**
 * What a seccomp agent receives with the descriptor of the filter. Source: config-linux.md, section
 * "The Container Process State".
 */
export interface ContainerProcessState {
  readonly ociVersion: string;
  /** Names of the descriptors sent along, in their order. */
  readonly fds: readonly string[];
  readonly pid: number;
  readonly metadata?: string;
  readonly state: State;
}

/** The name of the filter's descriptor in `fds`. */
export const SECCOMP_FD_NAME = "seccompFd";
