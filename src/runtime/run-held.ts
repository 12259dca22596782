// A container whose stage stays as its holder: pipes or terminal, attached clients, exit record.

import { launchContainer } from "./create.ts";
import type { CreateOptions } from "./create-options.ts";
import { launchProcess, orRemove } from "./run.ts";
import type { ContainerState } from "./state-directory.ts";

export interface HeldOptions extends CreateOptions {
  /** A connected stream socket: the client that is attached from the start (src/holder). */
  readonly primaryFd: number;
  /** An open directory for the exit record. */
  readonly directoryFd: number;
  /** Whether the process has an open standard input. */
  readonly stdin: boolean;
}

export interface HeldContainer {
  readonly state: ContainerState;
  /** Our child: ends when the container has ended and every client knows. */
  readonly holderPid: number;
}

/** Starts the container. When the promise is fulfilled its process runs, kept by the holder. */
export async function runHeld(options: HeldOptions): Promise<HeldContainer> {
  const { primaryFd, directoryFd, stdin } = options;
  using container = await launchContainer(options, {
    kind: "hold",
    stdin,
    primaryFd,
    directoryFd,
  });
  orRemove(options, container, () => launchProcess(container));
  return { state: container.state, holderPid: container.stage.pid };
}
