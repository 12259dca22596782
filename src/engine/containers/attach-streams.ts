// Connects this process's standard streams with a container that has a holder.

import { OcicatError } from "../../error/ocicat-error.ts";
import { type AttachEnd, attach } from "../../holder/attach.ts";
import { kill } from "../../runtime/kill.ts";
import { isTerminal } from "../../sys/terminal.ts";
import type { RunContainerOptions } from "../run-options.ts";
import type { Surroundings } from "../surroundings.ts";
import type { OpenContainer } from "./create-container.ts";

export interface AttachStreamsRequest {
  readonly container: Pick<OpenContainer, "record">;
  readonly surroundings: Surroundings;
  readonly options: Pick<RunContainerOptions, "interactive" | "terminal" | "outputFd">;
  readonly detachKeys?: readonly number[];
}

/** `socketFd`: connected to the holder, as its primary client. */
export function attachStreams(socketFd: number, request: AttachStreamsRequest): AttachEnd {
  const { container, surroundings, options, detachKeys } = request;
  const { id } = container.record;
  return attach({
    socketFd,
    primary: true,
    inputFd: options.interactive ? 0 : undefined,
    outputFd: options.outputFd ?? 1,
    errorFd: options.outputFd ?? 2,
    terminalFd: options.terminal && isTerminal(0) ? 0 : undefined,
    ...(detachKeys === undefined ? {} : { detachKeys }),
    onSignal: (signal) => {
      forward({ stateRoot: surroundings.containerStateRoot, id, signal });
    },
  });
}

/** The container may have ended in this moment: then there is nobody to tell. */
function forward(request: {
  readonly stateRoot: string;
  readonly id: string;
  readonly signal: number;
}): void {
  try {
    kill(request);
  } catch (error) {
    if (!(error instanceof OcicatError) || error.code !== "wrong-state") {
      throw error;
    }
  }
}
