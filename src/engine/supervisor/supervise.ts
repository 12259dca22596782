// The life of a supervisor: it has the lock, works until no container needs it, and goes.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import type { OwnedFd } from "../../sys/file.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { Supervisor } from "./supervisor.ts";
import { inheritedLock, signLock, signOff, tryTakeLock } from "./supervisor-lock.ts";
import { SupervisorLog } from "./supervisor-log.ts";
import { type SupervisorPlace, supervisorPlace } from "./supervisor-place.ts";

export interface SuperviseOptions extends SurroundingsOptions {
  /** Of the lock, held; absent: it is taken. */
  readonly lockFd?: number | undefined;
}

/** Throws "already-exists" where another process supervises. */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const surroundings = await readSurroundings(options);
  const place = supervisorPlace(surroundings);
  await serve(firstLock(options, place), place, surroundings);
}

async function serve(
  lock: OwnedFd,
  place: SupervisorPlace,
  surroundings: Surroundings,
): Promise<void> {
  const log = new SupervisorLog(place);
  await Bun.sleep(signLock(lock, place));
  using supervisor = new Supervisor(surroundings, (text) => log.write(text));
  await workUntilIdle(supervisor, lock, place);
}

async function workUntilIdle(
  supervisor: Supervisor,
  lock: OwnedFd | undefined,
  place: SupervisorPlace,
): Promise<void> {
  if (lock === undefined) {
    return;
  }
  supervisor.look();
  await supervisor.untilIdle();
  signOff(lock);
  lock[Symbol.dispose]();
  // A container that has just been started found the lock taken, and relies on whoever had it.
  supervisor.look();
  if (!supervisor.isIdle) {
    await workUntilIdle(supervisor, tryTakeLock(place), place);
  }
}

function firstLock({ lockFd }: SuperviseOptions, place: SupervisorPlace): OwnedFd {
  return lockFd === undefined
    ? (tryTakeLock(place) ?? refuse(place))
    : inheritedLock(lockFd, place);
}

function refuse({ folder }: SupervisorPlace): never {
  throw new OcicatError("already-exists", {
    operation: "supervise",
    subject: quote(folder),
    reason: "another process does",
  });
}
