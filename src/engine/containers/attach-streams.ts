// Connects this process's standard streams with a container that has a holder, and with the one that
// follows it, should it be killed.

import { OcicatError } from "../../error/ocicat-error.ts";
import { type AttachEnd, attach } from "../../holder/attach.ts";
import { TERMINAL_SIGNALS } from "../../holder/attach-signals.ts";
import { readExitRecord } from "../../holder/exit-record.ts";
import { kill } from "../../runtime/kill.ts";
import { stateFolderPath } from "../../runtime/state-directory.ts";
import { isTerminal } from "../../sys/terminal.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import type { RunContainerOptions } from "../run-options.ts";
import type { Surroundings } from "../surroundings.ts";
import { waitOf } from "./attach-waiting.ts";
import { readStartRecord, type StartRecord } from "./container-record.ts";
import type { OpenContainer } from "./create-container.ts";
import { detachKeys } from "./detach-keys.ts";
import { endingWithReaders, OutputReaders, outputsOf } from "./output-readers.ts";

type AttachingOptions = Pick<
  RunContainerOptions,
  "interactive" | "terminal" | "outputFd" | "errorFd" | "keepsSignals" | "standsStill"
>;

export interface AttachStreamsRequest {
  readonly container: Pick<OpenContainer, "record" | "folder">;
  readonly surroundings: Surroundings;
  readonly options: AttachingOptions;
  readonly detachKeys?: readonly number[];
}

/** `socketFd`: connected to the holder, as its primary client. */
export async function attachStreams(
  socketFd: number,
  request: AttachStreamsRequest,
): Promise<AttachEnd> {
  const { container, surroundings, options } = request;
  const folder = stateFolderPath(surroundings.containerStateRoot, container.record.id);
  using readers = new OutputReaders(folder, endingWithReaders(outputsOf(options)));
  const before = readStartRecord(container.folder.fd);
  const end = await attachOnce(socketFd, request, readers);
  return end.kind === "disconnected" ? await attachAgain(request, before, readers) : end;
}

async function attachAgain(
  request: AttachStreamsRequest,
  before: StartRecord | undefined,
  readers: OutputReaders,
): Promise<AttachEnd> {
  const { container, surroundings } = request;
  const { connectToNewHolder } = await import("./connect-to-holder.ts");
  using socket = await connectToNewHolder({ ...container, surroundings }, before);
  if (socket !== undefined) {
    const now = readStartRecord(container.folder.fd);
    const end = await attachOnce(socket.number, request, readers);
    return end.kind === "disconnected" ? await attachAgain(request, now, readers) : end;
  }
  const record = readExitRecord(container.folder.fd);
  return record === undefined
    ? { kind: "disconnected" }
    : { kind: "exited", status: record.status };
}

async function attachOnce(
  socketFd: number,
  request: AttachStreamsRequest,
  readers: OutputReaders,
): Promise<AttachEnd> {
  const { container, surroundings, options } = request;
  const { id } = container.record;
  const terminalFd = options.terminal && isTerminal(0) ? 0 : undefined;
  return await attach({
    socketFd,
    wait: await waitOf(options),
    primary: true,
    inputFd: options.interactive ? 0 : undefined,
    ...outputsOf(options),
    ...(options.keepsSignals === true ? { signals: TERMINAL_SIGNALS } : {}),
    terminalFd,
    ...(terminalFd === undefined ? {} : { detachKeys: detachKeys(surroundings, request) }),
    onResize: ({ rows, columns }) => {
      const size = { height: String(rows), width: String(columns) };
      recordContainerEvent({ ...container, surroundings }, "resize", size);
    },
    onOutputClosed: (stream) => {
      readers.close(stream);
    },
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
