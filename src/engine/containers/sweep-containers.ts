// What killed commands have left of containers: folders without a record, of containers that never came to
// be or were being removed, and names that lead to none. No command shows them, and they take room.

import { LOCK_EX } from "../../abi/file.ts";
import { removeUnusedImageMounts } from "../../image/image-mount.ts";
import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import { recordEvent } from "../events/record-event.ts";
import type { Surroundings } from "../surroundings.ts";
import { ContainerFolder, lockContainers } from "./container-folder.ts";
import { listContainerIds, sweepNames } from "./container-names.ts";
import { readContainerRecord } from "./container-record.ts";
import { removeExecFolders } from "./exec-folder.ts";
import { removeRestartRecord } from "./restart-record.ts";
import { giveBackOf } from "./settle-container.ts";
import { sweepExecs } from "./sweep-execs.ts";
import { writtenBytes } from "./written-bytes.ts";

export interface SweptContainers {
  readonly ids: readonly string[];
  readonly freedBytes: number;
}

export async function sweepContainers(surroundings: Surroundings): Promise<SweptContainers> {
  const ids: string[] = [];
  let freedBytes = 0;
  for (const id of listContainerIds(surroundings.storeRoot)) {
    using leftover = takeLeftover(surroundings.storeRoot, id);
    if (leftover !== undefined) {
      freedBytes += writtenBytes(leftover.folder.fd);
      giveBackOf(id, surroundings);
      removeRestartRecord(surroundings.stateRoot, id);
      await leftover.folder.remove(rootlessIdMaps(process.env["USER"]), () =>
        recordSwept(surroundings, id),
      );
      removeExecFolders(surroundings, id);
      ids.push(id);
    }
  }
  sweepNames(surroundings.storeRoot);
  sweepExecs(surroundings);
  // Of commands that were killed before their container knew of it.
  removeUnusedImageMounts(surroundings.stateRoot);
  return { ids, freedBytes };
}

/** Who began to remove it may have been killed before it could tell. */
function recordSwept(surroundings: Surroundings, id: string): void {
  const once = `destroy ${id}`;
  const event = { type: "container", action: "destroy", id, name: "", attributes: {} } as const;
  recordEvent(surroundings, { ...event, once });
}

/** The ids of what sweepContainers would remove. */
export function leftoverContainers(storeRoot: string): readonly string[] {
  return listContainerIds(storeRoot).filter((id) => {
    using leftover = takeLeftover(storeRoot, id);
    return leftover !== undefined;
  });
}

interface Leftover extends Disposable {
  readonly folder: ContainerFolder;
}

/** Undefined: it is a container, is being made or removed, or has gone. */
function takeLeftover(storeRoot: string, id: string): Leftover | undefined {
  using stack = new DisposableStack();
  return take(stack, stack.use(ContainerFolder.tryOpen(storeRoot, id)), storeRoot);
}

/** Locked, with what is on the stack. */
function take(
  stack: DisposableStack,
  folder: ContainerFolder | undefined,
  storeRoot: string,
): Leftover | undefined {
  if (folder === undefined || !isLeft(folder) || !isTakenBy(stack, folder, storeRoot)) {
    return undefined;
  }
  const held = stack.move();
  return { folder, [Symbol.dispose]: () => held.dispose() };
}

function isLeft(folder: ContainerFolder): boolean {
  return readContainerRecord(folder.fd) === undefined;
}

/** The stack gets the lock. */
function isTakenBy(stack: DisposableStack, folder: ContainerFolder, storeRoot: string): boolean {
  using _nobodyMakesOne = lockContainers(storeRoot, LOCK_EX);
  return stack.use(folder.tryLock()) !== undefined && isLeft(folder);
}
