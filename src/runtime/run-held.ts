// A container whose stage stays as its holder: output, terminal, attached clients, exit record.

import type { HoldEnd } from "../plan/request.ts";
import { endPhase } from "../sys/phases.ts";
import { launchContainer } from "./create.ts";
import type { CreateOptions } from "./create-options.ts";
import { type OwnScope, placeHolder } from "./place-holder.ts";
import { launchProcess, orRemove } from "./run.ts";
import { type ContainerState, outputFifoPath } from "./state-directory.ts";

export interface HeldOptions extends CreateOptions, Omit<HoldEnd, "kind" | "fifos"> {
  /** As OutputFifo has it, for each of the streams that has a reader which may leave; default: false. */
  readonly endsWithReader?: { readonly stdout: boolean; readonly stderr: boolean };
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
  const end: HoldEnd = { ...options, kind: "hold", fifos: outputFifos(options) };
  using container = await launchContainer(options, end);
  placeHolder(container.stage.pid, options.id, options.ownScope);
  endPhase("holder");
  orRemove(options, container, () => launchProcess(container));
  endPhase("process");
  return { state: container.state, holderPid: container.stage.pid };
}

function outputFifos({
  stateRoot,
  id,
  endsWithReader,
}: HeldOptions): NonNullable<HoldEnd["fifos"]> {
  const fifo = (stream: "stdout" | "stderr") => ({
    path: outputFifoPath(stateRoot, id, stream),
    endsWithReader: endsWithReader?.[stream] ?? false,
  });
  return { stdout: fifo("stdout"), stderr: fifo("stderr") };
}
