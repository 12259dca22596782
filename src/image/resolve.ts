// From an image reference to what a container needs of it: the directories of its layers and its
// configuration. An image that is in the store costs two small reads; see record.ts.

import { OcicatError } from "../error/ocicat-error.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import { type Platform, parsePlatform } from "../oci/platform.ts";
import { defaultStoreRoot } from "../store/root.ts";
import { call } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { readLayoutIndex, selectDescriptor } from "./layout-index.ts";
import { parseLayoutReference } from "./layout-reference.ts";
import { findRecord, type ImageRecord, layerPath, recordName } from "./record.ts";
import type { UnpackLimits } from "./unpack/limits.ts";

export interface ResolvedImage {
  /** Directories for overlayfs, topmost first. Never written to. */
  readonly lower: readonly string[];
  readonly config: ImageConfig;
  /** Of the image manifest. */
  readonly digest: string;
  /** What unpacking could not keep (owners when rootless, say), one sentence each; for a warning. */
  readonly notes: readonly string[];
}

export interface ResolveOptions {
  /** Default: that of src/store/root.ts for this user. */
  readonly storeRoot?: string;
  /** "linux/arm64/v8"; default: this machine's. */
  readonly platform?: string;
  readonly limits?: UnpackLimits;
  readonly onProgress?: (event: UnpackEvent) => void;
}

export type UnpackEvent =
  | { readonly kind: "waiting"; readonly layer: string }
  | {
      readonly kind: "unpacking";
      /** The digest of the blob. */
      readonly layer: string;
      /** Read of the blob, so far and in all. */
      readonly bytes: number;
      readonly of: number;
    };

/** `oci:LAYOUT`, `oci:LAYOUT:NAME` or `oci:LAYOUT@DIGEST`. */
export async function resolveImage(
  reference: string,
  options: ResolveOptions = {},
): Promise<ResolvedImage> {
  const parsed = parseLayoutReference(reference);
  const platform = wantedPlatform(options.platform);
  const effectiveUid = call("geteuid");
  const ownership = effectiveUid === 0 ? "keep" : "single";
  const storeRoot = absolute(options.storeRoot ?? storeRootOfUser(effectiveUid));
  const descriptor = selectDescriptor(readLayoutIndex(parsed.folder), parsed, platform);
  const digest = descriptor?.digest ?? parsed.digest;
  if (digest === undefined) {
    throw new OcicatError("internal", {
      operation: "resolve",
      subject: reference,
      reason: "neither a descriptor nor a digest was found",
    });
  }
  const stored = findRecord(storeRoot, recordName(digest, platform, ownership));
  if (stored !== undefined) {
    return resolved(stored, storeRoot);
  }
  const { unpackImage } = await import("./unpack-image.ts");
  const request = {
    folder: parsed.folder,
    descriptor,
    digest,
    platform,
    storeRoot,
    ownership,
  } as const;
  return resolved(await unpackImage(request, options), storeRoot);
}

function resolved(record: ImageRecord, storeRoot: string): ResolvedImage {
  return {
    lower:
      record.root.format === "directory"
        ? record.root.layers.map((layer) => layerPath(storeRoot, layer))
        : [],
    config: record.image.config ?? {},
    digest: record.manifest,
    notes: record.notes,
  };
}

function wantedPlatform(platform: string | undefined): Platform {
  const architecture = hostArchitecture.name === "aarch64" ? "arm64" : "amd64";
  const host = { os: "linux", architecture };
  return platform === undefined ? host : parsePlatform(platform, host);
}

function storeRootOfUser(effectiveUid: number): string {
  const { HOME, XDG_DATA_HOME } = process.env;
  return defaultStoreRoot({ effectiveUid, HOME, XDG_DATA_HOME });
}

/** Others, with other working directories, are going to use the paths. */
function absolute(path: string): string {
  return path.startsWith("/") ? path : `${process.cwd()}/${path}`;
}
