// The image of a run: found in the store or fetched, and its files in place.

import { OcicatError } from "../error/ocicat-error.ts";
import type { MountPlace } from "../image/image-mount.ts";
import { type ImageRoot, openImageRoot } from "../image/image-root.ts";
import { isLayoutReference } from "../image/layout-reference.ts";
import { type ResolvedImage, type ResolveOptions, resolveImage } from "../image/resolve.ts";
import type { UnpackAsOwner } from "../image/unpack/unpack-as-owner.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageConfig } from "../oci/image-spec.ts";
import { parseReference } from "../oci/reference.ts";
import { endPhase } from "../sys/phases.ts";
import { bringInOptions } from "./configured-options.ts";
import { fileIdMaps } from "./id-maps.ts";
import type { RunContainerOptions } from "./run-options.ts";
import type { Surroundings } from "./surroundings.ts";

export class RunImage implements Disposable {
  readonly config: ImageConfig;
  readonly digest: Digest;
  readonly root: ImageRoot;
  readonly #resolved: ResolvedImage;

  /** Takes `resolved` over, also when it throws. */
  constructor(resolved: ResolvedImage, place: MountPlace) {
    try {
      this.root = openImageRoot(resolved.root, place);
    } catch (error) {
      resolved[Symbol.dispose]();
      throw error;
    }
    this.config = resolved.config;
    this.digest = resolved.digest;
    this.#resolved = resolved;
  }

  get notes(): readonly string[] {
    return this.#resolved.notes;
  }

  /** The container has noted that it uses the image, so that nothing of it is collected. */
  settle(): void {
    this.#resolved[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.root[Symbol.dispose]();
    this.settle();
  }
}

/** Undefined: the container is not made from an image. */
export async function imageOf(
  options: RunContainerOptions,
  surroundings: Surroundings,
): Promise<RunImage | undefined> {
  const { source, progress } = options;
  endPhase("command");
  if (source.kind !== "image") {
    return undefined;
  }
  try {
    return await openImage(source.reference, options, surroundings);
  } finally {
    await progress?.finish();
    endPhase("mount");
  }
}

/** The rare case: an image's files for other ids. */
const unpackAsOwner: UnpackAsOwner = async (layers, place) => {
  const { unpackByOurselves } = await import("./users/as-owner-command.ts");
  await unpackByOurselves(layers, place);
};

/** Found in the store or fetched, by the container's pull policy. */
export async function openImage(
  reference: string,
  options: RunContainerOptions,
  surroundings: Surroundings,
): Promise<RunImage> {
  const { storeRoot, stateRoot } = surroundings;
  const place = { storeRoot, stateRoot };
  const resolving = resolveOptionsOf(options, surroundings);
  if (resolving.format !== undefined) {
    return new RunImage(await fetched(reference, { options, surroundings, resolving }), place);
  }
  return (
    tryOpen(await fetched(reference, { options, surroundings, resolving }), place) ??
    new RunImage(await resolveImage(reference, { ...resolving, format: "directory" }), place)
  );
}

interface Fetch {
  readonly options: RunContainerOptions;
  readonly surroundings: Surroundings;
  readonly resolving: ResolveOptions;
}

async function fetched(reference: string, fetch: Fetch): Promise<ResolvedImage> {
  try {
    return await fetchByPolicy(reference, fetch);
  } finally {
    endPhase("image");
  }
}

/** A layout is never fetched, nor is what could only be an ID. */
async function fetchByPolicy(reference: string, fetch: Fetch): Promise<ResolvedImage> {
  const { options, surroundings, resolving } = fetch;
  const policy = options.pullPolicy ?? surroundings.configuration.get("image.pull-policy");
  const isFetchable = !isLayoutReference(reference) && isName(reference);
  if (isFetchable && (policy === "always" || policy === "newer")) {
    await pull(reference, fetch).catch((error: unknown) => {
      // "newer" is content with what is there when nobody can tell.
      if (policy === "always" || !isUnreachable(error)) {
        throw error;
      }
    });
  }
  try {
    return await resolveImage(reference, resolving);
  } catch (error) {
    const isMissing = error instanceof OcicatError && error.code === "not-found";
    if (!(isMissing && isFetchable && policy === "missing")) {
      throw error;
    }
    await pull(reference, fetch).catch(async (failure: unknown) => {
      const { withSimilarNames } = await import("./images/suggest-names.ts");
      const { withTags } = await import("./images/pull-images.ts");
      throw withTags(withSimilarNames(failure, reference, surroundings), reference);
    });
    return await resolveImage(reference, resolving);
  }
}

function isName(reference: string): boolean {
  try {
    parseReference(reference);
    return true;
  } catch {
    return false;
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof OcicatError && ["unavailable", "timeout"].includes(error.code);
}

async function pull(reference: string, { options, surroundings }: Fetch): Promise<void> {
  const { pullNamed } = await import("./images/pull-images.ts");
  const { storeRoot } = surroundings;
  const { platform, progress, signal, onWarning, registry } = options;
  const [pulled] = await pullNamed(reference, {
    ...registry,
    storeRoot,
    platform,
    onWarning,
    ...(signal === undefined ? {} : { signal }),
    ...(progress === undefined ? {} : { onEvent: (event) => progress.show(event) }),
  });
  for (const note of pulled?.status === "updated" ? pulled.notes : []) {
    onWarning?.(note);
  }
}

/** Undefined: the store was filled where EROFS can be mounted, and here it can't. */
function tryOpen(resolved: ResolvedImage, place: MountPlace): RunImage | undefined {
  try {
    return new RunImage(resolved, place);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "unsupported") {
      return undefined;
    }
    throw error;
  }
}

function resolveOptionsOf(
  options: RunContainerOptions,
  { configuration, storeRoot }: Surroundings,
): ResolveOptions {
  const { platform, progress, signal } = options;
  const maps = fileIdMaps(options);
  return {
    storeRoot,
    defaultDomain: configuration.get("image.default-registry"),
    ...bringInOptions(configuration),
    ...(maps === undefined ? {} : { format: "directory", ownership: maps, unpackAsOwner }),
    ...(platform === undefined ? {} : { platform }),
    ...(signal === undefined ? {} : { signal }),
    ...(progress === undefined ? {} : { onEvent: (event) => progress.show(event) }),
  };
}
