// A container whose stage stays as its holder: output, terminal, attached clients, exit record.

import type { HoldEnd } from "../plan/request.ts";
import { endPhase } from "../sys/phases.ts";
import { launchContainer } from "./create.ts";
import type { CreateOptions } from "./create-options.ts";
import { type EndsWithReader, outputFifos } from "./output-fifos.ts";
import { type OwnScope, placeHolder } from "./place-holder.ts";
import { launchProcess, orRemove } from "./run.ts";
import { type ContainerState, stateFolderPath } from "./state-directory.ts";

export interface HeldOptions extends CreateOptions, Omit<HoldEnd, "kind" | "fifos"> {
  /** For each of the streams: whether it has a reader that may leave. Default: neither. */
  readonly endsWithReader?: EndsWithReader;
  /** Absent: it may end with the systemd unit that this process is in. */
  readonly ownScope?: OwnScope;
}

export interface HeldContainer {
  readonly state: ContainerState;
  /** Our child: ends when the container has ended and every client knows. */
  readonly holderPid: number;
}

/** Starts the container. When the promise is fulfilled its process runs, kept by the holder. */
export async function runHeld(options: HeldOptions): Promise<HeldContainer> {
  const folder = stateFolderPath(options.stateRoot, options.id);
  const fifos = outputFifos(folder, options.endsWithReader);
  const end: HoldEnd = { ...options, kind: "hold", fifos };
  using container = await launchContainer(options, end);
  placeHolder(container.stage.pid, options.id, options.ownScope);
  endPhase("holder");
  orRemove(options, container, () => launchProcess(container));
  endPhase("process");
  return { state: container.state, holderPid: container.stage.pid };
}
