// What killed commands have left of containers: folders without a record, of containers that never came to
// be or were being removed, and names that lead to none. No command shows them, and they take room.

import { LOCK_EX } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import { removeUnusedImageMounts } from "../../image/image-mount.ts";
import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import type { NamedProcess } from "../../sys/process.ts";
import { recordEvent } from "../events/record-event.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { awaitDeath } from "./await-holder-death.ts";
import { ContainerFolder, lockContainers } from "./container-folder.ts";
import { findContainerId, listContainerIds, sweepNames } from "./container-names.ts";
import { isUnreadable, readContainerRecord, readStartRecord } from "./container-record.ts";
import { removeExecFolders } from "./exec-folder.ts";
import { holderOf } from "./holder-process.ts";
import { removeRestartRecord } from "./restart-record.ts";
import { giveBackOf } from "./settle-container.ts";
import { eachReadable, type StoredContainer } from "./stored-container.ts";
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
      await removeWhole(leftover.folder, surroundings);
      ids.push(id);
    }
  }
  sweepNames(surroundings.storeRoot);
  sweepExecs(surroundings);
  // Of commands that were killed before their container knew of it.
  removeUnusedImageMounts(surroundings.stateRoot);
  return { ids, freedBytes };
}

/** With the folder's lock held: whatever is known of the container. Kills what may still run. */
async function removeWhole(folder: ContainerFolder, surroundings: Surroundings): Promise<void> {
  const id = folder.id;
  giveBackOf(id, surroundings);
  removeRestartRecord(surroundings.stateRoot, id);
  await folder.remove(rootlessIdMaps(process.env["USER"]), () => recordSwept(surroundings, id));
  removeExecFolders(surroundings, id);
}

/** A container of which nothing can be read, by its name or id. */
export async function removeUnreadable(word: string, options: SurroundingsOptions): Promise<void> {
  const surroundings = await readSurroundings(options);
  const { storeRoot } = surroundings;
  using folder = ContainerFolder.open(storeRoot, findContainerId(storeRoot, word));
  using _lock = folder.lock();
  const holder = holderIfKnown(folder);
  await removeWhole(folder, surroundings);
  sweepNames(storeRoot);
  // Until then it uses the image.
  await awaitDeath(holder);
  removeUnusedImageMounts(surroundings.stateRoot);
}

function holderIfKnown(folder: ContainerFolder): NamedProcess | undefined {
  try {
    const started = readStartRecord(folder.fd);
    return started === undefined ? undefined : holderOf(started);
  } catch (error) {
    if (isUnreadable(error)) {
      return undefined;
    }
    throw error;
  }
}

export interface UnreadableContainer {
  readonly id: string;
  readonly reason: string;
}

export function unreadableContainers(surroundings: Surroundings): readonly UnreadableContainer[] {
  const unreadable: UnreadableContainer[] = [];
  const look = (container: StoredContainer): unknown => container.status();
  eachReadable(surroundings, look, (id, { message }) => {
    unreadable.push({ id, reason: message });
  });
  return unreadable;
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

/** One whose record is damaged is nobody's leftover. */
function isLeft(folder: ContainerFolder): boolean {
  try {
    return readContainerRecord(folder.fd) === undefined;
  } catch (error) {
    if (error instanceof OcicatError) {
      return false;
    }
    throw error;
  }
}

/** The stack gets the lock. */
function isTakenBy(stack: DisposableStack, folder: ContainerFolder, storeRoot: string): boolean {
  using _nobodyMakesOne = lockContainers(storeRoot, LOCK_EX);
  return stack.use(folder.tryLock()) !== undefined && isLeft(folder);
}
