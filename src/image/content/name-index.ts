// The names of images: index.json of the store, which is that of an OCI image layout (image-spec
// image-layout.md). There is one descriptor for each name:
//
//   {"schemaVersion": 2, "manifests": [
//     {"mediaType": ..., "digest": ..., "size": ...,
//      "annotations": {"org.opencontainers.image.ref.name": "docker.io/library/debian:12"}}, ...]}
//
// A descriptor without that annotation is an image that has lost its name to another one, or an artifact
// that is there for the sake of what it refers to (referrer-index.ts). Other programs
// write here too (skopeo, umoci), with names of their own; what they add to the document is kept. They
// take no lock: a name that is set at the same moment as theirs may be lost. They pass over names of what has
// Docker's media types: such an entry leads to a stand-in (stand-in.ts), and all functions but readStandIns
// tell of the image that it stands for.

import { O_RDONLY } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import {
  type Descriptor,
  REFERENCE_NAME,
  STANDS_FOR,
  SUBJECT_DIGEST,
} from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageIndex } from "../../oci/image-spec.ts";
import { decodeIndex, IMAGE_DOCUMENT_LENGTH_MAX } from "../../oci/parse/image.ts";
import { BLOB_FOLDERS, type Store } from "../../store/layout.ts";
import { lock } from "../../store/lock.ts";
import { parseJson } from "../../store/parse-json.ts";
import { forceToDisk, writeWholeFile } from "../../store/whole-file.ts";
import { OwnedFd, openAt, readTextAtIfExists } from "../../sys/file.ts";
import { encodeText } from "../../sys/memory.ts";
import { blobSize } from "./blob-folder.ts";
import { removeDatabase } from "./database-files.ts";
import { originalOf, type StandIn, standInOf, withOriginal } from "./stand-in-entry.ts";

const FILE = "index.json";
export const INDEX_LOCK = `${FILE}.lock`;

export interface NamedDescriptor {
  /** Undefined: the image has no name any more. */
  readonly name: string | undefined;
  /** Without the name. */
  readonly descriptor: Descriptor;
}

/** By the name and the digest as they stand in the document. */
export type EntryTest = (name: unknown, digest: unknown) => boolean;

/**
 * In the order of index.json. `isWanted`: entries that it is false for are left out, and not checked: what
 * a run needs of a store with a thousand names is one of them.
 */
export function readNames(store: Store, isWanted?: EntryTest): readonly NamedDescriptor[] {
  const images = readIndex(store, isWanted).manifests.filter((each) => !isReferrer(each));
  return images.map(originalOf).map((descriptor) => ({
    name: nameOf(descriptor),
    descriptor: withoutName(descriptor),
  }));
}

/** What index.json has for other programs in place of images. */
export function readStandIns(store: Store): readonly StandIn[] {
  return readIndex(store).manifests.flatMap((entry) => standInOf(entry) ?? []);
}

/** Lets the names of `standIns` lead to what these stand for. */
export async function dropStandIns(store: Store, standIns: ReadonlySet<Digest>): Promise<void> {
  await changeEntries(store, (entries) =>
    entries.map((entry) => (standIns.has(entry.digest) ? originalOf(entry) : entry)),
  );
}

/**
 * Gives a name to what is in the store. The image that had it stays without one, unless it has
 * other names. `standIn`: what other programs are to find under the name. Throws "not-found" when the blob is
 * not here.
 */
export async function setName(
  store: Store,
  name: string,
  descriptor: Descriptor,
  standIn?: Descriptor,
): Promise<void> {
  await changeIndex(store, (manifests) => {
    checkPresent(store, descriptor);
    forceBlobsToDisk(store);
    const { digest } = descriptor;
    const isOld = (each: Descriptor): boolean => nameOf(each) === name;
    const isKept = (each: Descriptor): boolean =>
      nameOf(each) !== undefined || isReferrer(each) || each.digest !== digest;
    const remaining = manifests.filter((each) => !isOld(each) && isKept(each));
    const present = new Set([...remaining.map((each) => each.digest), digest]);
    const dangling = manifests.filter((each) => isOld(each) && !present.has(each.digest));
    const entry = standIn === undefined ? descriptor : withOriginal(standIn, descriptor);
    return [...remaining, ...dangling.map(withoutName), withName(entry, name)];
  });
}

/**
 * Keeps what is in the store without a name, unless it has one. For content that nobody named: an
 * image loaded from an archive without names.
 */
export async function keepNameless(store: Store, descriptor: Descriptor): Promise<void> {
  await changeIndex(store, (manifests) => {
    checkPresent(store, descriptor);
    forceBlobsToDisk(store);
    const images = manifests.filter((each) => !isReferrer(each));
    const isKnown = images.some(({ digest }) => digest === descriptor.digest);
    return isKnown ? manifests : [...manifests, withoutName(descriptor)];
  });
}

/** What becomes of an image with its last name: it goes too, or stays without one. */
export type LastName = "remove-image" | "keep-image";

/** False: there is no such name. The content goes with the next collection. */
export async function removeName(
  store: Store,
  name: string,
  lastName: LastName = "remove-image",
): Promise<boolean> {
  const edit = (manifests: readonly Descriptor[]): readonly Descriptor[] => {
    const remaining = manifests.filter((each) => nameOf(each) !== name);
    const digests = new Set(remaining.map(({ digest }) => digest));
    const last = manifests.filter((each) => nameOf(each) === name && !digests.has(each.digest));
    return lastName === "keep-image" ? [...remaining, ...last.map(withoutName)] : remaining;
  };
  return await orWithMoreRoom(store, () => changeIndex(store, edit));
}

/** Every descriptor of the digests, with and without names. Returns the names. */
export async function removeDescriptors(
  store: Store,
  digests: ReadonlySet<Digest>,
): Promise<readonly string[]> {
  let names: readonly string[] = [];
  const isGone = (each: Descriptor): boolean => digests.has(each.digest) && !isReferrer(each);
  const edit = (manifests: readonly Descriptor[]): readonly Descriptor[] => {
    names = manifests.filter(isGone).flatMap((each) => nameOf(each) ?? []);
    return manifests.filter((each) => !isGone(each));
  };
  await orWithMoreRoom(store, () => changeIndex(store, edit));
  return names;
}

/** Whoever removes images may do so because the disk is full: what can be done without goes first. */
async function orWithMoreRoom<Result>(
  store: Store,
  action: () => Promise<Result>,
): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof OcicatError) || error.code !== "exhausted") {
      throw error;
    }
  }
  const { sweepOwnedStaging } = await import("../owners/take-ownership.ts");
  sweepOwnedStaging(store, { isStalePartial: () => true });
  removeDatabase(store.root);
  return await action();
}

export function readIndex(store: Store, isWanted?: EntryTest): ImageIndex {
  const text = readTextAtIfExists(store.top.number, FILE, IMAGE_DOCUMENT_LENGTH_MAX);
  const subject = quote(`${store.root}/${FILE}`);
  if (text === undefined) {
    throw new OcicatError("not-found", {
      operation: "read",
      subject,
      reason: "the store has lost it, and with it the names of its images",
      hint: REPAIR,
    });
  }
  try {
    return decodeIndex(isWanted === undefined ? text : narrowed(text, isWanted), { subject });
  } catch (error) {
    if (!(error instanceof OcicatError)) {
      throw error;
    }
    const { code, operation, reason, faults } = error;
    throw new OcicatError(code, { operation, subject, reason, faults, hint: REPAIR, cause: error });
  }
}

const REPAIR = "`ocicat system check --repair` makes a new one from the images that are there";

/** What is no index stays as it is: decodeIndex says what is wrong with it. */
function narrowed(text: string, isWanted: EntryTest): string {
  const index = parseJson(text);
  if (!isRecord(index) || !Array.isArray(index["manifests"])) {
    return text;
  }
  const manifests = index["manifests"].filter((entry: unknown) => {
    const { annotations, digest } = isRecord(entry) ? entry : {};
    const { [REFERENCE_NAME]: name, [STANDS_FOR]: original } = isRecord(annotations)
      ? annotations
      : {};
    return isWanted(name, typeof original === "string" ? digestIn(original) : digest);
  });
  return JSON.stringify({ ...index, manifests });
}

function digestIn(descriptor: string): unknown {
  const parsed = parseJson(descriptor);
  return isRecord(parsed) ? parsed["digest"] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

type IndexEdit = (manifests: readonly Descriptor[]) => readonly Descriptor[];

/** False: `edit` changed nothing. */
export async function changeIndex(store: Store, edit: IndexEdit): Promise<boolean> {
  return await changeEntries(store, aroundStandIns(edit));
}

async function changeEntries(store: Store, edit: IndexEdit): Promise<boolean> {
  using _held = await lock(store.staging.number, INDEX_LOCK);
  return changeLockedEntries(store, edit);
}

/** As changeIndex, for who holds the lock INDEX_LOCK. */
export function changeLockedIndex(store: Store, edit: IndexEdit): boolean {
  return changeLockedEntries(store, aroundStandIns(edit));
}

/** The edit sees what stand-ins stand for; what it leaves as it was keeps its stand-in. */
function aroundStandIns(edit: IndexEdit): IndexEdit {
  return (entries) => {
    const known = new Map(entries.map((entry) => [originalOf(entry), entry]));
    return edit([...known.keys()]).map((each) => known.get(each) ?? each);
  };
}

function changeLockedEntries(store: Store, edit: IndexEdit): boolean {
  const index = readIndex(store);
  const manifests = edit(index.manifests);
  const content = JSON.stringify({ ...index, manifests });
  if (content === JSON.stringify(index)) {
    return false;
  }
  writeIndex(store, content);
  return true;
}

function writeIndex(store: Store, content: string): void {
  if (content.length > IMAGE_DOCUMENT_LENGTH_MAX) {
    throw new OcicatError("exhausted", {
      operation: "write",
      subject: quote(FILE),
      reason: `it would be larger than ${IMAGE_DOCUMENT_LENGTH_MAX} bytes: there are too many names`,
    });
  }
  writeWholeFile(store.staging.number, {
    directoryFd: store.top.number,
    name: FILE,
    content: encodeText(content),
    mode: 0o644,
    existing: "replace",
  });
  forceToDisk(store.top.number, "the store's folder");
}

/** What the index leads to is there before the index is, also after a power cut. */
function forceBlobsToDisk({ blobs }: Store): void {
  for (const folder of BLOB_FOLDERS) {
    using opened = new OwnedFd(openAt(blobs.number, folder, O_RDONLY));
    forceToDisk(opened.number, `the folder blobs/${folder}`);
  }
}

function checkPresent(store: Store, { digest, size }: Descriptor): void {
  const present = blobSize(store, digest);
  if (present !== size) {
    throw new OcicatError(present === undefined ? "not-found" : "invalid-config", {
      operation: "name",
      subject: `the image ${digest}`,
      reason:
        present === undefined
          ? "it is not in the store"
          : `it has ${present} bytes here instead of ${size}`,
    });
  }
}

function isReferrer({ annotations }: Descriptor): boolean {
  return annotations?.[SUBJECT_DIGEST] !== undefined;
}

function nameOf(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[REFERENCE_NAME];
}

function withName(descriptor: Descriptor, name: string): Descriptor {
  const annotations = { ...descriptor.annotations, [REFERENCE_NAME]: name };
  return { ...descriptor, annotations };
}

function withoutName(descriptor: Descriptor): Descriptor {
  const { annotations = {}, ...bare } = descriptor;
  const { [REFERENCE_NAME]: _, ...others } = annotations;
  return Object.keys(others).length === 0 ? bare : { ...bare, annotations: others };
}
