// What every step of bringing an image in works with.

import type { Descriptor } from "../../oci/descriptor.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageEvent, LayerPhase } from "../image-event.ts";
import type { ImageSource } from "../image-source.ts";
import type { UnpackLimits } from "../unpack/limits.ts";
import type { UnpackAsOwner } from "../unpack/unpack-as-owner.ts";

export interface BringInContext {
  readonly store: ContentStore;
  readonly source: ImageSource;
  readonly limits: UnpackLimits;
  readonly compressed: "keep" | "drop";
  readonly onEvent: (event: ImageEvent) => void;
  readonly signal: AbortSignal;
  /** Only asked for layers of other owners. */
  readonly unpackAsOwner: UnpackAsOwner;
}

export function reportLayer(
  { onEvent }: Pick<BringInContext, "onEvent">,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  { phase, bytes }: { readonly phase: LayerPhase; readonly bytes: number },
): void {
  onEvent({ kind: "layer", digest, phase, bytes, of: size });
}
