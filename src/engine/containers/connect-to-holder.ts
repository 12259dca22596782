// Connections to the holder of a container.

import { POLLIN, SOCK_STREAM } from "../../abi/process.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { OwnedFd } from "../../sys/file.ts";
import { connectUnix, socketPair } from "../../sys/socket.ts";
import { pollInLoop } from "../../sys/waiting.ts";
import { type Adoption, adoptIfOrphaned, hasNewHolder } from "./adopt-container.ts";
import { attachFolder, attachSocketName } from "./attach-socket.ts";
import type { StartRecord } from "./container-record.ts";
import { openLiveHolder } from "./holder-process.ts";

const DEATH_MS = 1000;

/** Undefined: it does not run, or has just ended. */
export function connectToHolder({
  surroundings,
  record,
}: Pick<Adoption, "surroundings" | "record">): OwnedFd | undefined {
  try {
    const path = `${attachFolder(surroundings)}/${attachSocketName(record.id)}`;
    return new OwnedFd(connectUnix(path, SOCK_STREAM));
  } catch (error) {
    if (error instanceof OcicatError && error.errno !== undefined) {
      return undefined;
    }
    throw error;
  }
}

/** To the one that takes the place of a holder that is gone; `before` names that one. */
export async function connectToNewHolder(
  container: Adoption,
  before: StartRecord | undefined,
): Promise<OwnedFd | undefined> {
  await awaitDeath(before);
  const [clientFd, holderFd] = socketPair(SOCK_STREAM);
  using client = new OwnedFd(clientFd);
  using holder = new OwnedFd(holderFd);
  // Attached from the start, so that nothing is read that no client gets.
  if (adoptIfOrphaned(container, holder.number)) {
    return new OwnedFd(client.release());
  }
  return hasNewHolder(container, before) ? connectToHolder(container) : undefined;
}

/** A process that is killed closes its sockets before it is dead. One that goes on has dropped a client. */
async function awaitDeath(started: StartRecord | undefined): Promise<void> {
  using holder = started === undefined ? undefined : openLiveHolder(started);
  if (holder !== undefined) {
    await pollInLoop([{ fd: holder.number, events: POLLIN }], DEATH_MS);
  }
}
