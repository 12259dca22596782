// Checks the files that make a folder a store and an OCI image layout, and what stands beside them.

import { OcicatError } from "../../error/ocicat-error.ts";
import { type Descriptor, STANDS_FOR } from "../../oci/descriptor.ts";
import { isDigest } from "../../oci/digest.ts";
import { isIndexType, isManifestType } from "../../oci/media-types.ts";
import { decodeImageDocument, decodeImageLayout } from "../../oci/parse/image.ts";
import { BLOB_FOLDERS, LAYOUT_FILES, type Store } from "../../store/layout.ts";
import { lock } from "../../store/lock.ts";
import { writeWholeFile } from "../../store/whole-file.ts";
import { readDirectoryAt } from "../../sys/directory.ts";
import { readTextAtIfExists, renameAt } from "../../sys/file.ts";
import { decodeText, encodeText } from "../../sys/memory.ts";
import { sweepOwnedStaging } from "../owners/take-ownership.ts";
import { readDocument } from "./blob-folder.ts";
import type { Discovery } from "./check-finding.ts";
import { describeBlob, imageGraph } from "./image-graph.ts";
import { INDEX_LOCK, readNames } from "./name-index.ts";

export function* checkStoreFiles(store: Store): Generator<Discovery> {
  const layoutProblem = problemOf(() => {
    const text = readTextAtIfExists(store.top.number, "oci-layout");
    decodeImageLayout(text ?? "");
  });
  if (layoutProblem !== undefined) {
    yield {
      found: { kind: "store-file", name: "oci-layout", reason: layoutProblem },
      repair: () => writeFile(store, "oci-layout", LAYOUT_FILES["oci-layout"]),
    };
  }
  const reason = indexProblem(store);
  if (reason !== undefined) {
    yield {
      found: { kind: "store-file", name: "index.json", reason },
      repair: () => rebuildIndex(store),
    };
  }
}

/** Why the names of images can't be read; undefined: they can. */
export function indexProblem(store: Store): string | undefined {
  return problemOf(() => readNames(store));
}

function problemOf(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof OcicatError && ["invalid-config", "not-found"].includes(error.code)) {
      return error.reason;
    }
    throw error;
  }
}

/**
 * The names are lost, but no image: those that no other one leads to are kept without a name. What was
 * there stays as index.json.damaged.
 */
async function rebuildIndex(store: Store): Promise<void> {
  using _held = await lock(store.staging.number, INDEX_LOCK);
  const documents = storedDocuments(store);
  const inner = new Set<string>();
  for (const top of documents) {
    const { indexes, manifests } = imageGraph(store, top);
    const below = [...indexes, ...manifests.map(({ descriptor }) => descriptor.digest)];
    for (const digest of below.filter((each) => each !== top.digest)) {
      inner.add(digest);
    }
  }
  const manifests = documents.filter(({ digest }) => !inner.has(digest));
  if (readTextAtIfExists(store.top.number, "index.json") !== undefined) {
    renameAt(store.top.number, "index.json", store.top.number, "index.json.damaged");
  }
  const empty: object = JSON.parse(LAYOUT_FILES["index.json"]);
  writeFile(store, "index.json", JSON.stringify({ ...empty, manifests }));
}

function storedDocuments(store: Store): readonly Descriptor[] {
  return BLOB_FOLDERS.flatMap((folder) =>
    readDirectoryAt(store.blobs.number, folder).flatMap(({ name, type }) => {
      const digest = `${folder}:${name}`;
      const descriptor =
        type === "file" && isDigest(digest) ? describeBlob(store, digest) : undefined;
      const { mediaType = "" } = descriptor ?? {};
      const isImage = isIndexType(mediaType) || isManifestType(mediaType);
      return descriptor !== undefined && isImage && !isStandIn(store, descriptor)
        ? [descriptor]
        : [];
    }),
  );
}

/** What stands for an image is none itself. */
function isStandIn(store: Store, descriptor: Descriptor): boolean {
  try {
    const text = decodeText(readDocument(store, descriptor));
    const decoded = decodeImageDocument(text, descriptor.mediaType);
    const { annotations } = decoded.kind === "index" ? decoded.index : decoded.manifest;
    return annotations?.[STANDS_FOR] !== undefined;
  } catch (error) {
    if (error instanceof OcicatError && error.code === "invalid-config") {
      return false;
    }
    throw error;
  }
}

function writeFile(store: Store, name: string, text: string): void {
  writeWholeFile(store.staging.number, {
    directoryFd: store.top.number,
    name,
    content: encodeText(text),
    mode: 0o644,
    existing: "replace",
  });
}

const OWN_NAMES = [
  "version",
  "oci-layout",
  "index.json",
  "index.json.damaged",
  "blobs",
  "layers",
  "images",
  "staging",
  "containers",
  "names",
  "volumes",
  "secrets",
  "events.hot",
];

/** With the files that SQLite keeps beside each. */
const OWN_DATABASES = ["metadata.sqlite", "events.sqlite"];

function isOwnName(name: string): boolean {
  return OWN_NAMES.includes(name) || OWN_DATABASES.some((database) => name.startsWith(database));
}

/** Other programs work here too: what is not ours is told of, and left alone. */
export function* checkStrays(store: Store): Generator<Discovery> {
  for (const { name } of readDirectoryAt(store.top.number, ".")) {
    if (!isOwnName(name)) {
      yield { found: { kind: "stray", path: name } };
    }
  }
  for (const { name } of readDirectoryAt(store.blobs.number, ".")) {
    if (!BLOB_FOLDERS.includes(name)) {
      yield { found: { kind: "stray", path: `blobs/${name}` } };
    }
  }
}

export function* checkStaging(store: Store): Generator<Discovery> {
  for (const { name } of sweepOwnedStaging(store, { dryRun: true })) {
    const repair = (): void => {
      sweepOwnedStaging(store);
    };
    yield { found: { kind: "leftover", name }, repair };
  }
}
