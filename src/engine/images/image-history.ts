// How an image was made, as its configuration tells it, with the size of what each step added.

import type { HistoryEntry } from "../../oci/image-spec.ts";
import { type CatalogImage, namesOf, readCatalog } from "./catalog.ts";
import { entryOf, findImage } from "./find-image.ts";
import { readDocuments } from "./image-documents.ts";
import { type ImageOptions, openImages, wantedPlatform } from "./image-session.ts";
import { LayerSizes } from "./layer-sizes.ts";

export interface HistoryStep {
  /** The image's ID at the last step; nobody knows those of the steps before. */
  readonly id: string | undefined;
  readonly createdMs: number | undefined;
  readonly createdBy: string;
  /** Bytes without compression; 0 for a step that made no layer. */
  readonly size: number;
  readonly comment: string;
  readonly tags: readonly string[];
}

export interface HistoryOptions extends ImageOptions {
  readonly platform?: string | undefined;
}

/** The last step first. Throws "not-found". */
export async function imageHistory(
  text: string,
  options: HistoryOptions,
): Promise<readonly HistoryStep[]> {
  using session = await openImages(options);
  const catalog = readCatalog(session, wantedPlatform(options.platform));
  const { image, name } = findImage(catalog, text, session.defaultDomain);
  const { image: document } = readDocuments(session, entryOf(image, name));
  const sizes = new LayerSizes(session.store).of(image.facts);
  const steps = stepsOf(document?.history ?? [], sizes);
  return steps.toReversed().map((step, index) => ({ ...step, ...identityAt(index, image) }));
}

function identityAt(index: number, image: CatalogImage): Pick<HistoryStep, "id" | "tags"> {
  return index === 0 ? { id: image.id, tags: namesOf(image) } : { id: undefined, tags: [] };
}

function stepsOf(
  history: readonly HistoryEntry[],
  sizes: readonly number[],
): readonly Omit<HistoryStep, "id" | "tags">[] {
  const waiting = [...sizes];
  const told = history.map(({ created, created_by = "", comment = "", empty_layer }) => {
    const createdMs = Date.parse(created ?? "");
    return {
      createdMs: Number.isNaN(createdMs) ? undefined : createdMs,
      createdBy: created_by,
      comment,
      size: empty_layer === true ? 0 : (waiting.shift() ?? 0),
    };
  });
  // Layers that the history does not mention.
  const untold = waiting.map((size) => ({
    createdMs: undefined,
    createdBy: "",
    comment: "",
    size,
  }));
  return [...told, ...untold];
}
