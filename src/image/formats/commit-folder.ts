// Makes an image of what a container has written: `ocicat commit`. The writable layer of its overlay
// becomes one more layer on those of its image, and the configuration is the image's with changes.

import type { Digest } from "../../oci/digest.ts";
import type { HistoryEntry, Image, ImageConfig } from "../../oci/image-spec.ts";
import { OCI_CONFIG, OCI_LAYER } from "../../oci/media-types.ts";
import { decodeImage } from "../../oci/parse/image.ts";
import { OwnedFd, statAt } from "../../sys/file.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import type { BringInOptions } from "../bring-in-request.ts";
import type { ContentStore } from "../content/content-store.ts";
import { MergedView } from "../merged-view.ts";
import type { NewTarEntry } from "../tar/encode-entry.ts";
import { TarWriter } from "../tar/tar-writer.ts";
import { makeNamelessFile, spoolWriter } from "./archive-input.ts";
import { AssembledSource } from "./assembled-source.ts";
import { addManifest } from "./docker-archive.ts";
import { type MapOwner, withOwners } from "./export-item.ts";
import { readRange } from "./file-range.ts";
import { folderChanges } from "./folder-changes.ts";
import { folderItems } from "./folder-items.ts";
import { storedBlob } from "./layer-content.ts";
import { retypeLayer } from "./layer-types.ts";
import { type LoadedImage, nameImage } from "./load-archive.ts";
import type { StoredManifest } from "./stored-image.ts";

export interface CommitRequest {
  /** The image that the container is made from. */
  readonly base: StoredManifest;
  /** The writable layer, a folder. */
  readonly upper: string;
  /** The image's files, topmost first. */
  readonly lower: readonly string[];
  /** Of a byte string relative to the root: it is no part of the image, though it is in `upper`. */
  readonly isLeftOut: (path: string) => boolean;
  readonly mapOwner: MapOwner;
  readonly changeConfig: (config: ImageConfig) => ImageConfig;
  readonly history: HistoryEntry;
  readonly author: string | undefined;
  /** Whole; none: the image has only its id. */
  readonly names: readonly string[];
}

export async function commitFolder(
  store: ContentStore,
  request: CommitRequest,
  options: BringInOptions,
): Promise<LoadedImage> {
  const { base, names } = request;
  using lease = store.lease("commit a container");
  lease.protect(base.descriptor.digest);
  using file = new OwnedFd(makeNamelessFile(store.folders));
  const digest = await writeLayer(file.number, request, options);
  const size = statAt(file.number, "")?.size ?? 0;
  const source = new AssembledSource(`the container's layer ${digest}`);
  const name = "the container's layer";
  source.addBlob(digest, {
    name,
    size,
    read: (offset) => readRange(file.number, { offset, length: size - offset }, name),
  });
  for (const layer of base.manifest.layers) {
    const blob = storedBlob(store, layer);
    if (blob !== undefined) {
      source.addBlob(layer.digest, blob);
    }
  }
  const document = encodeText(JSON.stringify(imageOf(request, digest)));
  const described = source.addDocument(document, OCI_CONFIG);
  const layers = [
    ...base.manifest.layers.map((each) => retypeLayer(each, "oci")),
    { mediaType: OCI_LAYER, digest, size },
  ];
  const top = addManifest(source, described, layers);
  const { bringIn } = await import("../bring-in.ts");
  using brought = await bringIn(store, source, top, options);
  await nameImage(store, brought.descriptor, names);
  return { descriptor: brought.descriptor, imageId: described.digest, names };
}

/** Returns the digest of the archive. */
async function writeLayer(
  fd: number,
  { upper, lower, isLeftOut, mapOwner }: CommitRequest,
  { signal, onEvent }: BringInOptions,
): Promise<Digest> {
  const hasher = new Bun.CryptoHasher("sha256");
  const write = spoolWriter(fd, signal);
  const writer = new TarWriter((chunk) => {
    hasher.update(chunk);
    write(chunk);
  });
  using view = new MergedView([upper]);
  const onLeftOut = (path: string): void => {
    onEvent?.({ kind: "note", text: `/${path} is a socket, which layers do not have` });
  };
  for (const { entry, content } of withOwners(folderItems(view, onLeftOut), mapOwner)) {
    // The root's own attributes are the store's.
    if (entry.path !== "." && !isLeftOut(entry.path)) {
      await writer.add(entry, content);
    }
  }
  using below = new MergedView(lower);
  for (const { kind, path } of folderChanges(upper, below)) {
    if (kind === "deleted") {
      await writer.add(whiteout(path));
    }
  }
  await writer.finish();
  return `sha256:${hasher.digest("hex")}`;
}

const WHITEOUT_PREFIX = ".wh.";

/** image-spec layer.md, "Whiteouts": an empty file of a name that says what is gone. */
function whiteout(path: string): NewTarEntry {
  const slash = path.lastIndexOf("/") + 1;
  return {
    kind: "file",
    path: `${path.slice(0, slash)}${WHITEOUT_PREFIX}${path.slice(slash)}`,
    linkTarget: "",
    mode: 0o600,
    uid: 0,
    gid: 0,
    size: 0,
    modified: { seconds: 0, nanoseconds: 0 },
    device: { major: 0, minor: 0 },
    xattrs: new Map(),
  };
}

function imageOf({ base, changeConfig, history, author }: CommitRequest, diffId: Digest): Image {
  const subject = `the blob ${base.manifest.config.digest}`;
  const { author: _, ...image } = decodeImage(decodeText(base.config), { subject });
  return {
    ...image,
    ...(history.created === undefined ? {} : { created: history.created }),
    ...(author === undefined ? {} : { author }),
    config: changeConfig(image.config ?? {}),
    rootfs: { type: "layers", diff_ids: [...image.rootfs.diff_ids, diffId] },
    history: [...(image.history ?? []), history],
  };
}
