// What people read for the phases of layers.

import type { LayerPhase } from "../../../image/image-event.ts";

/** Where blobs come from: nobody downloads from a file. */
export type BlobOrigin = "registry" | "file";

const TEXTS: Readonly<Record<LayerPhase, string>> = {
  waiting: "waiting",
  downloading: "downloading",
  uploading: "uploading",
  unpacking: "unpacking",
  compressing: "compressing",
  saving: "saving",
  exists: "exists",
  "mounted-from": "mounted",
  done: "done",
};

export const WIDEST_PHASE = Math.max(...Object.values(TEXTS).map((text) => text.length));

export function phaseText(phase: LayerPhase, origin: BlobOrigin): string {
  return phase === "downloading" && origin === "file" ? "reading" : TEXTS[phase];
}
