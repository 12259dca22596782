// What bringing an image into the store takes and gives (bring-in.ts does it).

import type { Descriptor } from "../oci/descriptor.ts";
import type { ImageManifest } from "../oci/image-spec.ts";
import type { Platform } from "../oci/platform.ts";
import type { ImageEvent } from "./image-event.ts";
import type { ImageRecord, LayerFormat, Ownership } from "./record.ts";
import type { UnpackLimits } from "./unpack/limits.ts";
import type { UnpackAsOwner } from "./unpack/unpack-as-owner.ts";

export interface BringInOptions {
  /** Whose image is made runnable. */
  readonly platform: Platform;
  /** Downloads all that an index lists, not `platform`'s alone. */
  readonly allPlatforms?: boolean;
  /** Absent: what the store's file system and this process can do (layers/format-choice.ts). */
  readonly format?: LayerFormat;
  /** Layers that are downloaded at the same time; 3 when absent. */
  readonly parallel?: number;
  /** "drop": a compressed layer is removed once its layer file is there. "keep" when absent. */
  readonly compressed?: "keep" | "drop";
  readonly limits?: UnpackLimits;
  /** Absent: what this process may do. */
  readonly ownership?: Ownership;
  /** Needed for an ownership by maps. */
  readonly unpackAsOwner?: UnpackAsOwner;
  readonly onEvent?: (event: ImageEvent) => void;
  /** Aborted: everything that is under way ends, and the error is "interrupted". */
  readonly signal?: AbortSignal;
}

/**
 * What came in. Until it is disposed of nothing of it is garbage: whoever wants it to stay gives it a
 * name before that.
 */
export interface BroughtIn extends Disposable {
  /** What the source was asked for. */
  readonly descriptor: Descriptor;
  /** Those of the wanted platforms, `platform`'s first. */
  readonly manifests: readonly BroughtManifest[];
}

export interface BroughtManifest {
  readonly descriptor: Descriptor;
  readonly manifest: ImageManifest;
  /** Undefined: an artifact, or an image of another platform. It is stored, but can't be run. */
  readonly record: ImageRecord | undefined;
  /** Why no container can be made of it, if it is an artifact. */
  readonly reason: string | undefined;
}
