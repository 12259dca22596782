// restart: a container is stopped, if it runs, and started again. One with --rm, which its end takes away,
// stays for that: a note in its folder says so, which the start takes away. It counts for nothing any more when the
// process that wrote it is gone: then the container goes, as with any other end.

import { endPhase } from "../../sys/phases.ts";
import { thisProcess } from "../../sys/process.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { type StopOptions, startByName, stopContainer } from "./container-operations.ts";
import { forgetRestart, noteRestart } from "./container-record.ts";
import { settleContainer } from "./settle-container.ts";
import { openContainer } from "./stored-container.ts";

export async function restartContainer(word: string, options: StopOptions): Promise<void> {
  using container = await openContainer(word, options);
  const { id } = container.record;
  await stopToRestart(id, options);
  endPhase("stop");
  try {
    await startByName(id, options);
  } catch (error) {
    forgetRestart(container.folder.fd);
    await settleContainer(container);
    throw error;
  }
  recordContainerEvent(container, "restart");
}

/** As stopContainer, and one with --rm stays. */
export async function stopToRestart(word: string, options: StopOptions): Promise<void> {
  using container = await openContainer(word, options);
  if (container.record.options.remove) {
    using _lock = container.folder.lock();
    noteRestart(container.folder.fd, thisProcess());
  }
  await stopContainer(word, options);
}
