// Connections to the holder of a container.

import { SOCK_STREAM } from "../../abi/process.ts";
import { OwnedFd } from "../../sys/file.ts";
import { socketPair } from "../../sys/socket.ts";
import { type Adoption, adoptIfOrphaned, hasNewHolder } from "./adopt-container.ts";
import { attachFolder, attachSocketName, tryConnectToHolder } from "./attach-socket.ts";
import { awaitDeath } from "./await-holder-death.ts";
import type { StartRecord } from "./container-record.ts";
import { holderOf } from "./holder-process.ts";

/** Undefined: it does not run, or has just ended. */
export function connectToHolder({
  surroundings,
  record,
}: Pick<Adoption, "surroundings" | "record">): OwnedFd | undefined {
  return tryConnectToHolder(`${attachFolder(surroundings)}/${attachSocketName(record.id)}`);
}

/** To the one that takes the place of a holder that is gone; `before` names that one. */
export async function connectToNewHolder(
  container: Adoption,
  before: StartRecord | undefined,
): Promise<OwnedFd | undefined> {
  await awaitDeath(before === undefined ? undefined : holderOf(before));
  const [clientFd, holderFd] = socketPair(SOCK_STREAM);
  using client = new OwnedFd(clientFd);
  using holder = new OwnedFd(holderFd);
  // Attached from the start, so that nothing is read that no client gets.
  if (adoptIfOrphaned(container, holder.number)) {
    return new OwnedFd(client.release());
  }
  return hasNewHolder(container, before) ? connectToHolder(container) : undefined;
}
