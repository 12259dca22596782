// From what a user calls an image to what a container needs of it. An image that is in the store costs a
// few small reads: index.json (of the store, or of a layout), and its record; see record.ts.
//
//   oci:FOLDER[:NAME][@DIGEST]   of an OCI image layout, brought into the store the first time. It stays
//                                there without a name
//   NAME                         in the store. "debian" is docker.io/library/debian:latest
//   ID                           the beginning of an image's ID, or of its manifest's digest

import { OcicatError, quote } from "../error/ocicat-error.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Digest, isDigest } from "../oci/digest.ts";
import type { Image, ImageConfig } from "../oci/image-spec.ts";
import { formatPlatform, type Platform, parsePlatform } from "../oci/platform.ts";
import { parseReference } from "../oci/reference.ts";
import { defaultStoreRoot } from "../store/root.ts";
import { call } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import { fromWorkingDirectory } from "../sys/working-directory.ts";
import { ContentStore } from "./content/content-store.ts";
import { couldBeNamed, findStoredName } from "./find-stored-name.ts";
import type { ImageEvent } from "./image-event.ts";
import { readLayoutIndex, selectDescriptor } from "./layout-index.ts";
import { isLayoutReference, parseLayoutReference } from "./layout-reference.ts";
import type { Ownership, StoredRoot } from "./record.ts";
import {
  findRecord,
  type ImageRecord,
  type LayerFormat,
  ownershipHere,
  recordName,
} from "./record.ts";
import type { UnpackLimits } from "./unpack/limits.ts";
import type { UnpackAsOwner } from "./unpack/unpack-as-owner.ts";

const ID = /^(sha\d+:)?[0-9a-f]+$/;

/** Until it is disposed of nothing of the image is collected: a container notes its use before that. */
export interface ResolvedImage extends Disposable {
  readonly root: StoredRoot;
  readonly config: ImageConfig;
  /** Of the image manifest. */
  readonly digest: Digest;
  /**
   * What unpacking could not keep (owners when rootless, say), one sentence each; for a warning. None where it
   * had been unpacked before: it was told then.
   */
  readonly notes: readonly string[];
}

export interface ResolveOptions {
  /** Default: that of src/store/root.ts for this user. */
  readonly storeRoot?: string;
  /** "linux/arm64/v8"; default: this machine's. */
  readonly platform?: string;
  /** For names without a registry; "docker.io" when absent. */
  readonly defaultDomain?: string;
  /** Only this one will do; absent: whatever the store has, and for what comes in the best one here. */
  readonly format?: LayerFormat;
  readonly limits?: UnpackLimits;
  /** As BringInOptions has them. */
  readonly ownership?: Ownership;
  readonly unpackAsOwner?: UnpackAsOwner;
  readonly parallel?: number;
  readonly compressed?: "keep" | "drop";
  readonly onEvent?: (event: ImageEvent) => void;
  readonly signal?: AbortSignal;
}

/** Throws "not-found" for what is neither a layout nor in the store. */
export async function resolveImage(
  reference: string,
  options: ResolveOptions = {},
): Promise<ResolvedImage> {
  using stack = new DisposableStack();
  const store = stack.use(
    new ContentStore(fromWorkingDirectory(options.storeRoot ?? storeRootOfUser())),
  );
  const platform = wantedPlatform(options.platform);
  const place: ResolvePlace = { store, platform, options };
  const found = isLayoutReference(reference)
    ? findInLayout(reference, platform)
    : await findInStore(reference, place);
  stack.use(store.lease(`run ${reference}`)).protect(found.digest);
  const ready = findUsable(place, found.digest);
  const record = ready ?? (await makeRecord(place, found));
  checkPlatform(record, place);
  const held = stack.move();
  return {
    root: record.root,
    config: record.image.config ?? {},
    digest: record.manifest,
    notes: ready === undefined ? record.notes : [],
    [Symbol.dispose]: () => held.dispose(),
  };
}

export interface ResolvePlace {
  readonly store: ContentStore;
  readonly platform: Platform;
  readonly options: ResolveOptions;
}

/** Where an image is, before it is known whether the store has it ready. */
export interface FoundImage {
  readonly digest: Digest;
  /** What names it; undefined: only its digest is known. */
  readonly descriptor: Descriptor | undefined;
  /** The layout that has it; undefined: the store. */
  readonly layout: string | undefined;
}

const NOT_NAMED = { descriptor: undefined, layout: undefined } as const;

function findInLayout(text: string, platform: Platform): FoundImage {
  const reference = parseLayoutReference(text);
  const layout = reference.folder;
  const descriptor = selectDescriptor(readLayoutIndex(layout), reference, platform);
  const digest = descriptor?.digest ?? reference.digest;
  if (digest === undefined) {
    throw new OcicatError("internal", {
      operation: "resolve",
      subject: text,
      reason: "neither a descriptor nor a digest was found",
    });
  }
  return { digest, descriptor, layout };
}

async function findInStore(text: string, place: ResolvePlace): Promise<FoundImage> {
  const { store, options } = place;
  const byDigest = isDigest(text) ? { digest: text, ...NOT_NAMED } : undefined;
  // A container that is started again has its image's digest: nothing else is to be read.
  if (byDigest !== undefined && findUsable(place, byDigest.digest) !== undefined) {
    return byDigest;
  }
  const { defaultDomain } = options;
  const names = store.names(couldBeNamed(text, defaultDomain));
  const named = findStoredName(names, text, defaultDomain);
  const descriptor = named?.descriptor ?? (await findById(store, text));
  if (descriptor === undefined) {
    // Its last name is gone, and a container keeps it.
    if (byDigest !== undefined && store.blobSize(byDigest.digest) !== undefined) {
      return byDigest;
    }
    checkName(text);
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `the image ${quote(text)}`,
      reason: "it is not in the store",
      hint: "`ocicat images` lists those that are; `ocicat pull` gets more",
    });
  }
  return { digest: descriptor.digest, descriptor, layout: undefined };
}

/** Says what is wrong with what could be neither a name nor an ID. */
function checkName(text: string): void {
  if (!ID.test(text)) {
    parseReference(text);
  }
}

async function findById(store: ContentStore, text: string): Promise<Descriptor | undefined> {
  if (!ID.test(text)) {
    return undefined;
  }
  const images = await import("./content/image-list.ts");
  return images.findById(images.listImages(store), text)?.descriptor;
}

function findUsable({ store, platform, options }: ResolvePlace, digest: Digest) {
  const record = findRecord(
    store.root,
    recordName(digest, platform, options.ownership ?? ownershipHere()),
  );
  const isRight = options.format === undefined || record?.root.format === options.format;
  return isRight ? record : undefined;
}

async function makeRecord(place: ResolvePlace, found: FoundImage): Promise<ImageRecord> {
  const { bringInFound } = await import("./bring-in-found.ts");
  return await bringInFound(place, found);
}

/** Only what the user asked for is enforced: images without a right platform run all the same. */
function checkPlatform(
  { image, manifest }: ImageRecord,
  { platform, options }: ResolvePlace,
): void {
  if (options.platform !== undefined && !isFor(image, platform)) {
    throw new OcicatError("not-found", {
      operation: "find",
      subject: `an image for ${formatPlatform(platform)}`,
      reason: `${quote(manifest)} is for ${image.os}/${image.architecture}`,
    });
  }
}

function isFor(image: Image, wanted: Platform): boolean {
  return image.os === wanted.os && image.architecture === wanted.architecture;
}

function wantedPlatform(platform: string | undefined): Platform {
  const architecture = hostArchitecture.name === "aarch64" ? "arm64" : "amd64";
  const host = { os: "linux", architecture };
  return platform === undefined ? host : parsePlatform(platform, host);
}

function storeRootOfUser(): string {
  const { HOME, XDG_DATA_HOME } = process.env;
  return defaultStoreRoot({ effectiveUid: call("geteuid"), HOME, XDG_DATA_HOME });
}
