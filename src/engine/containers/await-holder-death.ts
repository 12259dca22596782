// A holder that is killed, as its clients see it: the process closes its sockets before it is dead.

import { POLLIN } from "../../abi/process.ts";
import { type NamedProcess, openLiveProcess } from "../../sys/process.ts";
import { pollInLoop } from "../../sys/waiting.ts";

const DEATH_MS = 1000;

/** One that goes on all that time has dropped a client. */
export async function awaitDeath(named: NamedProcess | undefined): Promise<void> {
  using holder = named === undefined ? undefined : openLiveProcess(named);
  if (holder !== undefined) {
    await pollInLoop([{ fd: holder.number, events: POLLIN }], DEATH_MS);
  }
}
