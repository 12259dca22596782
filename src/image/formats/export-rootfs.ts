// Writes a root file system as a tar archive: `ocicat export`. Owners, modes, times to the nanosecond,
// extended attributes, hard links, devices and holes are in it; the same tree gives the same bytes.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { Platform } from "../../oci/platform.ts";
import { quoteByteString } from "../../sys/byte-path.ts";
import type { ContentStore } from "../content/content-store.ts";
import { EventLoopTurns } from "../event-loop-turns.ts";
import type { ImageEvent } from "../image-event.ts";
import { checkAborted } from "../layers/check-aborted.ts";
import { MergedView } from "../merged-view.ts";
import { type ByteSink, TarWriter } from "../tar/tar-writer.ts";
import { DEFAULT_UNPACK_LIMITS, type UnpackLimits } from "../unpack/limits.ts";
import { type ArchiveOutput, writeOutput } from "./archive-output.ts";
import { type ExportItem, type MapOwner, withOwners } from "./export-item.ts";
import { folderItems } from "./folder-items.ts";
import { type ArchivePlace, layerArchive, missingLayer } from "./layer-content.ts";
import { layerItems } from "./layer-items.ts";
import { manifestFor, readStoredImage } from "./stored-image.ts";

export interface ExportOptions {
  readonly onEvent?: (event: ImageEvent) => void;
  readonly signal?: AbortSignal;
}

export interface ExportImageOptions extends ExportOptions {
  /** Whose image is taken of an index. */
  readonly platform: Platform;
  readonly limits?: UnpackLimits;
}

/**
 * The merged file system of an image, from its layers as they are: it is the same for every user, and
 * nothing is mounted. Throws "invalid-argument" for a terminal.
 */
export async function exportImage(
  store: ContentStore,
  image: Descriptor,
  output: ArchiveOutput,
  options: ExportImageOptions,
): Promise<void> {
  using resources = new DisposableStack();
  resources.use(store.lease("export an image")).protect(image.digest);
  const { limits = DEFAULT_UNPACK_LIMITS, signal } = options;
  const stored = manifestFor(readStoredImage(store, image), options.platform);
  const layers: ArchivePlace[] = [];
  for (const [index, layer] of stored.manifest.layers.entries()) {
    const diffId = stored.diffIds?.[index];
    if (diffId === undefined) {
      throw missingLayer(layer);
    }
    layers.push(await layerArchive(store, layer, diffId, { resources, signal }));
  }
  await writeOutput(output, (sink) => writeItems(layerItems(layers, limits), sink, options));
}

/**
 * The file system in a folder, or in several as overlayfs shows them, topmost first: a root file system
 * that is unpacked or mounted, of a container for instance. A "note" tells what was left out.
 */
export async function exportFolders(
  folders: readonly string[],
  output: ArchiveOutput,
  options: ExportOptions & { readonly mapOwner?: MapOwner } = {},
): Promise<void> {
  using view = new MergedView(folders);
  const onLeftOut = (path: string): void => {
    const text = `${quoteByteString(`/${path}`)} is a socket, which archives do not have`;
    options.onEvent?.({ kind: "note", text });
  };
  const items = withOwners(folderItems(view, onLeftOut), options.mapOwner);
  await writeOutput(output, (sink) => writeItems(items, sink, options));
}

async function writeItems(
  items: Iterable<ExportItem>,
  sink: ByteSink,
  { signal }: ExportOptions,
): Promise<void> {
  const turns = new EventLoopTurns();
  const writer = new TarWriter(async (chunk) => {
    await turns.take();
    checkAborted(signal, "the archive");
    await sink(chunk);
  });
  for (const { entry, content } of items) {
    await writer.add(entry, content);
  }
  await writer.finish();
}
