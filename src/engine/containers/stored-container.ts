// Containers that are there, found by what a user calls them.

import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import { containerIdMaps } from "../id-maps.ts";
import type { IdMaps } from "../run-spec.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { ContainerFolder } from "./container-folder.ts";
import { findContainerId, listContainerIds } from "./container-names.ts";
import { type ContainerRecord, readContainerRecord } from "./container-record.ts";
import { type ContainerStatus, containerStatus } from "./container-status.ts";
import { keepPromises } from "./keep-promises.ts";

/** A container's folder and what stands in it. */
export class StoredContainer implements Disposable {
  readonly folder: ContainerFolder;
  readonly record: ContainerRecord;
  readonly surroundings: Surroundings;

  constructor(folder: ContainerFolder, record: ContainerRecord, surroundings: Surroundings) {
    this.folder = folder;
    this.record = record;
    this.surroundings = surroundings;
  }

  /** All ids of an ordinary user; undefined for root. */
  get idMaps(): IdMaps | undefined {
    return rootlessIdMaps(process.env["USER"]);
  }

  /** To whom its files belong on the disk, by whose they are inside. Undefined: to the same. */
  get fileMaps(): IdMaps | undefined {
    const counted = this.idMaps;
    return counted === undefined ? undefined : containerIdMaps(this.record.options, counted);
  }

  /** All ids of an ordinary user who is lent some: the container's files may belong to any of them. */
  get lentMaps(): IdMaps | undefined {
    const counted = this.idMaps;
    return counted !== undefined && counted.uid.length > 1 ? counted : undefined;
  }

  status(): ContainerStatus {
    return containerStatus(this.folder, this.surroundings);
  }

  /** The runtime's name for it. */
  get address(): { readonly stateRoot: string; readonly id: string } {
    return { stateRoot: this.surroundings.containerStateRoot, id: this.record.id };
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/**
 * By name, id or the beginning of an id. Throws "not-found". The process of a pod answers to its whole id
 * alone: a user means containers.
 */
export async function openContainer(
  word: string,
  options: SurroundingsOptions,
): Promise<StoredContainer> {
  using stack = new DisposableStack();
  const container = stack.use(await openAsItIs(word, options));
  const { id, options: stored } = container.record;
  if (stored.source.kind === "pause" && word !== id) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `container ${quote(word)}`,
      reason: "it is a pod",
      hint: "`ocicat pod --help` lists what can be done with pods",
    });
  }
  await keepPromises(container);
  if (readContainerRecord(container.folder.fd) === undefined) {
    throw goneError(word, "it has ended, and was to be removed then");
  }
  stack.move();
  return container;
}

/** As openContainer, for those who keep what the container was promised. */
export async function openAsItIs(
  word: string,
  options: SurroundingsOptions,
): Promise<StoredContainer> {
  const surroundings = await readSurroundings(options);
  return openById(findContainerId(surroundings.storeRoot, word), surroundings, word);
}

function openById(id: string, surroundings: Surroundings, word: string): StoredContainer {
  const container = tryOpenById(id, surroundings);
  if (container === undefined) {
    throw goneError(word, "it is being removed");
  }
  return container;
}

function goneError(word: string, reason: string): OcicatError {
  const subject = `container ${quote(word)}`;
  return new OcicatError("not-found", { operation: "find", subject, reason });
}

/** By its whole id. Undefined: it is no container, or none any more. */
export function tryOpenById(id: string, surroundings: Surroundings): StoredContainer | undefined {
  try {
    return openFolder(ContainerFolder.open(surroundings.storeRoot, id), surroundings);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}

/** Takes the folder over, unless it is of no container. */
function openFolder(
  folder: ContainerFolder,
  surroundings: Surroundings,
): StoredContainer | undefined {
  using stack = new DisposableStack();
  stack.use(folder);
  const record = readContainerRecord(folder.fd);
  if (record === undefined) {
    return undefined;
  }
  stack.move();
  return new StoredContainer(folder, record, surroundings);
}

/**
 * Calls `visit` with each container, open for the time of the call. Throws for one that can't be read: for who
 * would do harm without knowing all of them.
 */
export function eachContainer<Result>(
  surroundings: Surroundings,
  visit: (container: StoredContainer) => Result,
): Result[] {
  return eachReadable(surroundings, visit, (id, error) => {
    const { code, reason } = error;
    const short = id.slice(0, 12);
    throw new OcicatError(code, {
      operation: "read",
      subject: `what container ${short} was made with`,
      reason,
      hint: `\`ocicat rm --force ${short}\` removes it`,
      cause: error,
    });
  });
}

/** As eachContainer, for who tells what there is: `onUnreadable` is told of those that can't be read. */
export function eachReadable<Result>(
  surroundings: Surroundings,
  visit: (container: StoredContainer) => Result,
  onUnreadable: (id: string, error: OcicatError) => void = () => undefined,
): Result[] {
  const results: Result[] = [];
  for (const id of listContainerIds(surroundings.storeRoot)) {
    try {
      using container = tryOpenById(id, surroundings);
      if (container !== undefined) {
        results.push(visit(container));
      }
    } catch (error) {
      if (!(error instanceof OcicatError)) {
        throw error;
      }
      onUnreadable(id, error);
    }
  }
  return results;
}
