// inspect: all that is known of a container.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { ImageReport } from "../images/inspect-image.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { tryFindContainerId } from "./container-names.ts";
import { readStartRecord } from "./container-record.ts";
import { type ContainerReport, type ContainerSizes, containerReport } from "./container-report.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";
import { writtenBytes } from "./written-bytes.ts";

export interface InspectContainerOptions extends SurroundingsOptions {
  /** Count the bytes of its files. */
  readonly sizes: boolean;
}

/** Undefined: no container has this name or id. */
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
  const image = await imageReport(container);
  return containerReport({
    record: container.record,
    status: container.status(),
    restarts: readStartRecord(container.folder.fd)?.restarts ?? 0,
    image: image === undefined ? undefined : { id: image.Id, config: image.Config },
    folder: container.folder.path,
    storeRoot,
    sizes: options.sizes ? sizesOf(container, image) : undefined,
  });
}

/** Undefined: it has none, or none any more. */
async function imageReport({
  record: { image },
  surroundings: { storeRoot },
}: StoredContainer): Promise<ImageReport | undefined> {
  if (image === undefined) {
    return undefined;
  }
  const { inspectImage } = await import("../images/inspect-image.ts");
  try {
    return await inspectImage(image.digest, { storeRoot });
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    throw error;
  }
}

function sizesOf({ folder }: StoredContainer, image: ImageReport | undefined): ContainerSizes {
  const written = writtenBytes(folder.fd);
  return { written, total: written + (image?.Size ?? 0) };
}
