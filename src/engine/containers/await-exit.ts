// wait, attach: clients of a container's holder.

import { POLLIN, SOCK_STREAM } from "../../abi/process.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { AttachEnd, Wait } from "../../holder/attach.ts";
import { encodeHello } from "../../holder/attach-protocol.ts";
import { HolderConnection } from "../../holder/holder-connection.ts";
import { OwnedFd } from "../../sys/file.ts";
import { type ExitStatus, exitCodeOf } from "../../sys/process.ts";
import { socketPair } from "../../sys/socket.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { hasNewHolder } from "./adopt-container.ts";
import { attachStreams } from "./attach-streams.ts";
import { waitOf } from "./attach-waiting.ts";
import { awaitEnd } from "./await-end.ts";
import { connectToHolder } from "./connect-to-holder.ts";
import { startByName } from "./container-operations.ts";
import { readStartRecord, type StartRecord } from "./container-record.ts";
import { requireRunning } from "./require-running.ts";
import { settleEnded } from "./settle-ended.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

export interface WaitOptions extends SurroundingsOptions {
  /** As in RunContainerOptions. */
  readonly standsStill?: boolean;
}

/** The exit code, once the container has ended; that of its last end if it does not run. */
export async function waitForContainer(word: string, options: WaitOptions): Promise<number> {
  using container = await openContainer(word, options);
  const { standsStill = false } = options;
  const wait = await waitOf({ standsStill });
  for (;;) {
    const told = await readFromHolders(container, wait);
    if (told !== undefined) {
      return exitCodeOf(told);
    }
    await awaitEnd(container, { standsStill });
    const code = lastCode(container);
    if (code !== undefined) {
      return code;
    }
  }
}

/** Undefined: it does not run, or nobody knows how it ended. */
async function readFromHolders(
  container: StoredContainer,
  wait: Wait,
): Promise<ExitStatus | undefined> {
  let before: StartRecord | undefined;
  do {
    before = readStartRecord(container.folder.fd);
    using socket = connectToHolder(container);
    const told = socket === undefined ? undefined : await readUntilExit(socket.number, wait);
    if (told !== undefined) {
      return told;
    }
  } while (hasNewHolder(container, before));
  return undefined;
}

/** Undefined: it has been started again meanwhile. */
function lastCode(container: StoredContainer): number | undefined {
  const status = container.status();
  switch (status.kind) {
    case "exited":
      return status.code;
    case "created":
      return 0;
    case "running":
    case "paused":
      return undefined;
    case "lost":
      throw unknownEnd(container, "wait for");
  }
}

function unknownEnd({ record }: StoredContainer, operation: string): OcicatError {
  return new OcicatError("unavailable", {
    operation,
    subject: `container ${quote(record.name)}`,
    reason: "nobody knows how it ended: its holder was killed",
  });
}

/** Undefined: the holder went without a word. Output is read and thrown away. */
async function readUntilExit(socketFd: number, wait: Wait): Promise<ExitStatus | undefined> {
  const connection = new HolderConnection(socketFd);
  connection.post(encodeHello({ primary: false }));
  while (!connection.isOver) {
    await wait([{ fd: socketFd, events: POLLIN }]);
    connection.receive();
    for (let frame = connection.next(); frame !== undefined; frame = connection.next()) {
      if (frame.type === "exit") {
        return frame.status;
      }
    }
  }
  return undefined;
}

export interface AttachOptions extends SurroundingsOptions {
  /** Leave the container's input alone. */
  readonly noStdin: boolean;
  readonly detachKeys?: readonly number[];
  /** Signals end this process, and the container goes on. */
  readonly keepsSignals?: boolean;
  /** As in RunContainerOptions. */
  readonly standsStill?: boolean;
}

/** As attachToContainer, from the start of its process on. One that runs already is attached to. */
export async function startAttached(word: string, options: AttachOptions): Promise<AttachedEnd> {
  const [clientFd, holderFd] = socketPair(SOCK_STREAM);
  using client = new OwnedFd(clientFd);
  using holder = new OwnedFd(holderFd);
  const isNew = await startByName(word, { ...options, primaryFd: holder.number });
  holder[Symbol.dispose]();
  if (!isNew) {
    return await attachToContainer(word, options);
  }
  using container = await openContainer(word, options);
  return await attachBy(client.number, container, options);
}

export type AttachedEnd =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "detached" };

/** This process's streams become those of a container that runs, until it ends or the user leaves. */
export async function attachToContainer(
  word: string,
  options: AttachOptions,
): Promise<AttachedEnd> {
  using container = await openContainer(word, options);
  requireRunning(container, "attach to");
  using socket = connectToHolder(container);
  if (socket === undefined) {
    throw new OcicatError("unavailable", {
      operation: "attach to",
      subject: `container ${quote(container.record.name)}`,
      reason: "its holder takes no clients",
    });
  }
  return await attachBy(socket.number, container, options);
}

async function attachBy(
  socketFd: number,
  container: StoredContainer,
  options: AttachOptions,
): Promise<AttachedEnd> {
  recordContainerEvent(container, "attach");
  const { interactive, terminal } = container.record.options;
  const end = await attachStreams(socketFd, {
    container,
    surroundings: container.surroundings,
    options: {
      interactive: interactive && !options.noStdin,
      terminal,
      keepsSignals: options.keepsSignals === true,
      standsStill: options.standsStill ?? false,
    },
    ...(options.detachKeys === undefined ? {} : { detachKeys: options.detachKeys }),
  });
  return finish(container, end, options);
}

async function finish(
  container: StoredContainer,
  end: AttachEnd,
  { standsStill = false }: AttachOptions,
): Promise<AttachedEnd> {
  if (end.kind === "detached") {
    recordContainerEvent(container, "detach");
    return { kind: "detached" };
  }
  await awaitEnd(container, { standsStill });
  await settleEnded(container);
  if (end.kind === "disconnected" || end.status === undefined) {
    throw unknownEnd(container, "attach to");
  }
  return { kind: "exited", code: exitCodeOf(end.status) };
}
