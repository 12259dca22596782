// What `ocicat doctor` says about events: whoever cannot write one goes on without a word.

import { AT_FDCWD, O_APPEND, O_WRONLY } from "../../abi/file.ts";
import { Errno } from "../../error/errno.ts";
import { OcicatError, quote, systemError } from "../../error/ocicat-error.ts";
import { type Check, note, ok } from "../../host/doctor-check.ts";
import { OwnedFd, stat, tryOpenAt } from "../../sys/file.ts";
import { availableBytes } from "../../sys/free-space.ts";
import { EVENT_DATABASE_FILE, EventDatabase } from "../events/event-database.ts";
import { HOT_EVENTS_NAME } from "../events/record-event.ts";
import type { Surroundings } from "../surroundings.ts";

const NAME = "events";
const LITTLE_SPACE = 64 * 1024;

export function checkEvents(surroundings: Surroundings): Check {
  const path = `${surroundings.storeRoot}/${HOT_EVENTS_NAME}`;
  const fd = tryOpenAt(AT_FDCWD, path, O_WRONLY | O_APPEND);
  if (fd < 0 && fd !== -Errno.ENOENT) {
    const { message } = systemError(-fd, "write to", quote(path));
    return note(NAME, `what happens is not recorded: ${message}`, "remove it, or give it back");
  }
  using file = new OwnedFd(fd);
  if (fd >= 0 && availableBytes(file.number, quote(path)) < LITTLE_SPACE) {
    const fix = "make room there: `ocicat system prune`";
    return note(NAME, `what happens is not recorded: there is no room for ${quote(path)}`, fix);
  }
  return checkDatabase(surroundings.storeRoot);
}

function checkDatabase(storeRoot: string): Check {
  if (stat(`${storeRoot}/${EVENT_DATABASE_FILE}`) === undefined) {
    return ok(NAME, "are recorded");
  }
  try {
    using database = EventDatabase.open(storeRoot);
    const { kept, unreadable } = database.tally();
    const damage = unreadable === 0 ? "" : `; ${unreadable} were cut off by what killed a command`;
    return ok(NAME, `are recorded; ${kept} are in the database${damage}`);
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    return note(NAME, `are recorded, but not kept: ${error.message}`, "make room in the store");
  }
}
