// What of layers/ is mounted for an image: the merged image of all its layers, or the layer file itself of
// an image with a single layer.

import { O_RDONLY } from "../../abi/file.ts";
import type { Digest } from "../../oci/digest.ts";
import { lock } from "../../store/lock.ts";
import { OwnedFd, openAt, statAt } from "../../sys/file.ts";
import type { ContentStore } from "../content/content-store.ts";
import { readLayerFileHeader } from "../erofs/layer-file.ts";
import { type MergedLayer, writeMergedImage } from "../erofs/merged-image.ts";
import type { ErofsRoot } from "../record.ts";
import type { UnpackLimits } from "../unpack/limits.ts";
import type { ImageLayer } from "./ensure-layer-file.ts";
import { layerFileName, mergedImageName } from "./layer-names.ts";
import { StagedFile } from "./staged-file.ts";

export interface MergedRoot {
  readonly root: ErofsRoot;
  /** What could not be kept; nothing when the merged image was there. */
  readonly notes: readonly string[];
}

export interface MergeRequest {
  /** The base layer first. All are in the store. */
  readonly layers: readonly ImageLayer[];
  /** Of the topmost layer. */
  readonly chainId: Digest;
  readonly limits: UnpackLimits;
  readonly signal: AbortSignal;
}

export async function ensureMergedImage(
  store: ContentStore,
  request: MergeRequest,
): Promise<MergedRoot> {
  using descriptors = new DisposableStack();
  const devices = request.layers.map((layer) => openDevice(store, layer, descriptors));
  const [only] = devices;
  if (only !== undefined && devices.length === 1 && only.mountable) {
    const { path } = only;
    return { root: { format: "erofs", image: path, devices: [], key: keyOf(path) }, notes: [] };
  }
  const { chainId } = request;
  const name = mergedImageName(
    chainId,
    devices.map(({ isBlob }) => isBlob),
  );
  const notes = await makeOnce(store, name, request, (fd) =>
    writeMergedImage(fd, devices, { chainId, limits: request.limits }).notes.flatMap(
      (each, index) => each.map((note) => `${request.layers[index]?.blob.digest}: ${note}`),
    ),
  );
  const image = `layers/${name}`;
  const paths = devices.map(({ path }) => path);
  return { root: { format: "erofs", image, devices: paths, key: keyOf(image) }, notes };
}

async function makeOnce(
  store: ContentStore,
  name: string,
  { signal }: MergeRequest,
  write: (fd: number) => readonly string[],
): Promise<readonly string[]> {
  const stagingFd = store.folders.staging.number;
  using _held = await lock(stagingFd, `${name}.lock`, undefined, signal);
  if (statAt(store.folders.layers.number, name) !== undefined) {
    return [];
  }
  using file = new StagedFile(store.folders, name);
  const notes = write(file.fd);
  await file.commit();
  return notes;
}

interface Device extends MergedLayer {
  /** Below the store's root. */
  readonly path: string;
  readonly isBlob: boolean;
  readonly mountable: boolean;
}

/** The layer file, or the blob where there is none: that of an uncompressed layer. */
function openDevice(
  store: ContentStore,
  { blob, diffId }: ImageLayer,
  descriptors: DisposableStack,
): Device {
  const name = layerFileName(diffId);
  const folderFd = store.folders.layers.number;
  if (statAt(folderFd, name) === undefined) {
    const fd = descriptors.use(store.openBlob(blob.digest)).number;
    const path = store.blobPath(blob.digest).slice(store.root.length + 1);
    const place = { path, isBlob: true, mountable: false };
    return { fd, tarOffset: 0, tarBytes: blob.size, diffId, ...place };
  }
  const fd = descriptors.use(new OwnedFd(openAt(folderFd, name, O_RDONLY))).number;
  return { ...readLayerFileHeader(fd), fd, path: `layers/${name}`, isBlob: false };
}

/** The file's name, which says all that its content depends on. */
function keyOf(path: string): string {
  return path.replace(/^layers\//, "").replace(/\.erofs$/, "");
}
