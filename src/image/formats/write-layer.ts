// The writable layer of an overlay as a layer of an image: an archive of what it adds, with whiteouts for what it
// deletes; or together with what is below it, as the only layer of an image.

import { MergedView } from "../merged-view.ts";
import type { NewTarEntry } from "../tar/encode-entry.ts";
import { type ByteSink, TarWriter } from "../tar/tar-writer.ts";
import { type MapOwner, withOwners } from "./export-item.ts";
import { folderChanges } from "./folder-changes.ts";
import { folderItems } from "./folder-items.ts";

export interface WrittenLayer {
  /** The writable layer, a folder. */
  readonly upper: string;
  /** The image's files, topmost first. */
  readonly lower: readonly string[];
  /** Of a byte string relative to the root: it is no part of the image, though it is in `upper`. */
  readonly isLeftOut: (path: string) => boolean;
  readonly mapOwner: MapOwner;
  /** With the image's files: then nothing has to be deleted. */
  readonly isOnlyOne: boolean;
}

export async function writeLayer(
  { upper, lower, isLeftOut, mapOwner, isOnlyOne }: WrittenLayer,
  { sink, onNote }: { readonly sink: ByteSink; readonly onNote: (text: string) => void },
): Promise<void> {
  const writer = new TarWriter(sink);
  using view = new MergedView(isOnlyOne ? [upper, ...lower] : [upper]);
  using below = new MergedView(lower);
  const onLeftOut = (path: string): void => {
    onNote(`/${path} is a socket, which layers do not have`);
  };
  for (const { entry, content } of withOwners(folderItems(view, onLeftOut), mapOwner)) {
    // What the image has stands there, and nothing was made in its place.
    const isImages = isOnlyOne && below.find(entry.path) !== undefined;
    // Over other layers the root's own attributes are the store's.
    const isStores = entry.path === "." && !isOnlyOne;
    if (isImages || !(isStores || isLeftOut(entry.path))) {
      await writer.add(entry, content);
    }
  }
  for (const { kind, path } of isOnlyOne ? [] : folderChanges(upper, below)) {
    if (kind === "deleted") {
      await writer.add(whiteout(path));
    }
  }
  await writer.finish();
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
