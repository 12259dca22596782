// What a container was promised and whoever had to keep it was killed: a holder for each of its processes
// while it runs, and after its end a start by its restart policy, or with --rm its removal. Whoever looks at the
// container next sees to all of it.

import { isStopped, isToRestart, readStartRecord } from "./container-record.ts";
import { isLive, isOrphaned } from "./container-status.ts";
import { holderIsAlive } from "./holder-process.ts";
import { adoptOrphanedExecs, orphanedExecs } from "./orphaned-execs.ts";
import { mayRestart } from "./restart-policy.ts";
import { isRestartAbandoned } from "./restart-record.ts";
import type { StoredContainer } from "./stored-container.ts";

/** Whether there is something to do. */
export function isNeglected(container: StoredContainer): boolean {
  return (
    isOrphaned(container.folder, container.surroundings) ||
    isRestartNeglected(container) ||
    isRemovalNeglected(container) ||
    orphanedExecs(container.surroundings, container.folder.id).length > 0
  );
}

export async function keepPromises(container: StoredContainer): Promise<void> {
  if (isOrphaned(container.folder, container.surroundings)) {
    const { adoptIfOrphaned } = await import("./adopt-container.ts");
    adoptIfOrphaned(container);
  } else if (isRestartNeglected(container)) {
    const { goOnAfterEnd } = await import("./adopt-container.ts");
    goOnAfterEnd(container);
  } else if (isRemovalNeglected(container)) {
    const { finishAfterEnd } = await import("./adopt-container.ts");
    await finishAfterEnd(container);
  }
  await adoptOrphanedExecs(container.surroundings, container.folder.id);
}

/** After a user's stop nobody is to start it, and after a reboot the boot unit does. */
function isRestartNeglected(container: StoredContainer): boolean {
  const { folder, record, surroundings } = container;
  const started = mayRestart(record.options) ? readStartRecord(folder.fd) : undefined;
  return (
    started !== undefined &&
    !isStopped(folder.fd) &&
    !isLive(container.status()) &&
    isRestartAbandoned(surroundings.stateRoot, folder.id, started)
  );
}

/** Its holder sees to that, or a client that is attached, and who restarts it keeps it. */
function isRemovalNeglected(container: StoredContainer): boolean {
  const { folder, record } = container;
  const started = record.options.remove ? readStartRecord(folder.fd) : undefined;
  const { kind } = container.status();
  return (
    started !== undefined &&
    (kind === "exited" || kind === "lost") &&
    !holderIsAlive(started) &&
    !isToRestart(folder.fd)
  );
}
