// How much of the disk containers take: what each has written, and all of its files with the image's.

import { OcicatError } from "../../error/ocicat-error.ts";
import type { ImageReport } from "../images/inspect-image.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import type { ContainerSizes } from "./container-report.ts";
import { eachReadable, type StoredContainer } from "./stored-container.ts";
import { writtenBytes } from "./written-bytes.ts";

/** Of every container, by its id. */
export async function containerSizes(
  options: SurroundingsOptions,
): Promise<ReadonlyMap<string, ContainerSizes>> {
  const surroundings = await readSurroundings(options);
  const found = eachReadable(surroundings, ({ record, folder }) => ({
    id: record.id,
    image: record.image?.digest,
    written: writtenBytes(folder.fd),
  }));
  const digests = new Set(found.flatMap(({ image }) => (image === undefined ? [] : [image])));
  const imageBytes = new Map<string, number>();
  for (const digest of digests) {
    const report = await imageReport(digest, surroundings.storeRoot);
    imageBytes.set(digest, report?.Size ?? 0);
  }
  return new Map(
    found.map(({ id, image, written }) => [
      id,
      { written, total: written + (imageBytes.get(image ?? "") ?? 0) },
    ]),
  );
}

export function sizesOf(
  { folder }: StoredContainer,
  image: ImageReport | undefined,
): ContainerSizes {
  const written = writtenBytes(folder.fd);
  return { written, total: written + (image?.Size ?? 0) };
}

/** Undefined: the store does not have it any more, or has it damaged. */
export async function imageReport(
  digest: string,
  storeRoot: string,
): Promise<ImageReport | undefined> {
  const { inspectImage } = await import("../images/inspect-image.ts");
  try {
    return await inspectImage(digest, { storeRoot });
  } catch (error) {
    if (error instanceof OcicatError && ["not-found", "invalid-config"].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}
