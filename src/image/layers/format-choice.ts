// How the layers of images are kept: as EROFS files that are mounted, or as unpacked directories. EROFS
// where it works, which is tried: it needs the initial user namespace, a kernel that mounts EROFS from
// files, and a file system below the store that such files can be on (no tmpfs, no overlayfs).

import { call } from "../../sys/call.ts";
import { probeErofs } from "../erofs/probe.ts";
import type { LayerFormat } from "../record.ts";

export interface FormatChoice {
  readonly format: LayerFormat;
  /** One clause, for people: why this one. */
  readonly reason: string;
}

/** For new images. `folder` is on the store's file system, and exists. About a millisecond. */
export function chosenFormat(folder: string): FormatChoice {
  if (call("geteuid") !== 0) {
    return { format: "directory", reason: "an ordinary user cannot mount EROFS" };
  }
  const probe = probeErofs(folder);
  if (!probe.usable) {
    return { format: "directory", reason: `EROFS cannot be used here: ${probe.reason}` };
  }
  const works = "this kernel mounts EROFS from files of the store";
  const limit = "containers on it cannot mount an overlay on their root";
  return { format: "erofs", reason: probe.nestedOverlay === false ? `${works}; ${limit}` : works };
}
