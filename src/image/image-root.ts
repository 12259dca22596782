// The files of a stored image, ready to be the lower directories of an overlay.

import { OcicatError } from "../error/ocicat-error.ts";
import type { OwnedFd } from "../sys/file.ts";
import { acquireImageMount, type MountPlace } from "./image-mount.ts";
import { layerPath, type StoredRoot } from "./record.ts";

export interface ImageRoot extends Disposable {
  /** Topmost first. Never written to. None: the image has no layers. */
  readonly lower: readonly string[];
  /**
   * What a process that outlives this one has to inherit, so that a mount is not taken away; see
   * image-mount.ts. Undefined: nothing is mounted.
   */
  shareLock(): OwnedFd | undefined;
  /** By which removeUnusedImageMount finds the mount. Undefined: nothing is mounted. */
  readonly mountKey: string | undefined;
}

/** OVL_MAX_STACK of Linux. */
const MOST_FOLDERS = 500;

/** Throws "unsupported" where the image can't be mounted. */
export function openImageRoot(root: StoredRoot, place: MountPlace): ImageRoot {
  if (root.format === "erofs") {
    return acquireImageMount(root, place);
  }
  const { length } = root.layers;
  if (length > MOST_FOLDERS) {
    throw new OcicatError("unsupported", {
      operation: "mount",
      subject: "the image's layers",
      reason: `there are ${length}, and overlayfs takes ${MOST_FOLDERS}`,
      hint: "as EROFS files any number can be mounted: `ocicat doctor` tells whether they can be here",
    });
  }
  return new FolderRoot(root.layers.map((layer) => layerPath(place.storeRoot, layer)));
}

class FolderRoot implements ImageRoot {
  readonly lower: readonly string[];
  readonly mountKey = undefined;

  constructor(lower: readonly string[]) {
    this.lower = lower;
  }

  shareLock(): undefined {
    return undefined;
  }

  [Symbol.dispose](): void {
    // Folders stay where they are.
  }
}
