// inspect: all that is known of a container.

import { confinementOf } from "../apparmor.ts";
import { currentRun, readHealth } from "../health/health-file.ts";
import { isPod } from "../pods/pod-record.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { tryFindContainerId } from "./container-names.ts";
import { readStartRecord, wasOutOfMemory } from "./container-record.ts";
import { type ContainerReport, containerReport } from "./container-report.ts";
import { imageReport, sizesOf } from "./container-sizes.ts";
import { recordedExecIds } from "./exec-folder.ts";
import { startFailure } from "./run-before.ts";
import { openContainer } from "./stored-container.ts";

export interface InspectContainerOptions extends SurroundingsOptions {
  /** Count the bytes of its files. */
  readonly sizes: boolean;
}

/** Undefined: no container has this name or id. The process of a pod has its whole id alone. */
export async function inspectContainer(
  word: string,
  options: InspectContainerOptions,
): Promise<ContainerReport | undefined> {
  const { storeRoot } = await readSurroundings(options);
  const id = tryFindContainerId(storeRoot, word);
  if (id === undefined) {
    return undefined;
  }
  using container = await openContainer(id, options);
  if (isPod(container.record) && word !== id) {
    return undefined;
  }
  const digest = container.record.image?.digest;
  const image = digest === undefined ? undefined : await imageReport(digest, storeRoot);
  const status = container.status();
  return containerReport({
    record: container.record,
    status,
    health: readHealth(container.folder.fd, currentRun(status)),
    wasOutOfMemory: wasOutOfMemory(container.folder.fd),
    startFailure: startFailure(container.folder.fd),
    restarts: readStartRecord(container.folder.fd)?.restarts ?? 0,
    image: image === undefined ? undefined : { id: image.Id, config: image.Config },
    appArmorProfile: "pid" in status ? confinementOf(status.pid) : "",
    folder: container.folder.path,
    storeRoot,
    execIds: recordedExecIds(container.surroundings, id),
    sizes: options.sizes ? sizesOf(container, image) : undefined,
  });
}
