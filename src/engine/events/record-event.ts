// Notes that something has happened: one line at the end of the hot file, by one write. Whoever has been
// waiting for it is told by the kernel; what becomes of the line later is fold-events.ts.

import { AT_FDCWD, O_APPEND, O_CREAT, O_WRONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { call } from "../../sys/call.ts";
import { timeOfDay } from "../../sys/clock.ts";
import { addressOf } from "../../sys/entry.ts";
import { makeDirectories, OwnedFd, tryOpenAt } from "../../sys/file.ts";
import type { Surroundings } from "../surroundings.ts";
import { type EngineEvent, encodeEvent } from "./event-line.ts";

/** In the state root. */
export const HOT_EVENTS_NAME = ".events";
const STATE_ROOT_MODE = 0o711;

/**
 * Never throws: what has been done is not undone for want of a note. `ocicat doctor` tells when events
 * cannot be written.
 */
export function recordEvent(
  surroundings: Pick<Surroundings, "stateRoot">,
  event: EngineEvent,
): void {
  try {
    append(surroundings.stateRoot, encodeEvent(event, timeOfDay()));
  } catch {
    // No state root can be told, or made.
  }
}

function append(stateRoot: string, line: Uint8Array): void {
  using file = openHotEvents(stateRoot);
  call("write", file.number, addressOf(line), line.length);
}

/** For appending. A negative descriptor, which the write then refuses, where there is none to be had. */
function openHotEvents(stateRoot: string): OwnedFd {
  const open = (): number =>
    tryOpenAt(AT_FDCWD, `${stateRoot}/${HOT_EVENTS_NAME}`, O_WRONLY | O_APPEND | O_CREAT, 0o600);
  const fd = open();
  if (fd !== -Errno.ENOENT) {
    return new OwnedFd(fd);
  }
  makeDirectories(stateRoot, STATE_ROOT_MODE);
  return new OwnedFd(open());
}
