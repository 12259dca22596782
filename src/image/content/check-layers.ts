// Checks what is made of images for containers: layers, merged images and records. All of it is derived:
// what is wrong is removed, and made again from the blobs when it is needed.

import { O_NONBLOCK, O_RDONLY, S_IFMT, S_IFREG } from "../../abi/file.ts";
import { OcicatError } from "../../error/ocicat-error.ts";
import type { Store } from "../../store/layout.ts";
import { tryLock } from "../../store/lock.ts";
import { parseJson } from "../../store/parse-json.ts";
import { type DirectoryEntry, readDirectoryAt } from "../../sys/directory.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, openAt, readTextAtIfExists, statAt, tryUnlinkAt } from "../../sys/file.ts";
import { bytes } from "../../sys/memory.ts";
import { readAt } from "../../sys/positioned.ts";
import { SUPERBLOCK_OFFSET } from "../erofs/format.ts";
import { type LayerFileHeader, readLayerFileHeader } from "../erofs/layer-file.ts";
import { removeOwnedTree } from "../owners/take-ownership.ts";
import { filesOf } from "../record.ts";
import type { BlobCheck } from "./check-blobs.ts";
import type { Discovery } from "./check-finding.ts";
import { type FileRange, hashFile } from "./hash-file.ts";
import { digestOfName, readRecords } from "./mark-used.ts";

const EROFS_MAGIC = [0xe2, 0xe1, 0xf5, 0xe0];
const MERGED_SUFFIX = ".merged.erofs";

export async function* checkLayers(check: BlobCheck): AsyncGenerator<Discovery> {
  const { store } = check;
  const layers = store.layers.number;
  for (const entry of readDirectoryAt(layers, ".")) {
    const { name } = entry;
    if (digestOfName(name) === undefined) {
      yield { found: { kind: "stray", path: `layers/${name}` } };
      continue;
    }
    const reason = await problemOf(check, entry);
    if (reason !== undefined) {
      yield { found: { kind: "layer", name, reason }, repair: () => removeLayer(store, name) };
    }
  }
}

function removeLayer(store: Store, name: string): void {
  using held = tryLock(store.staging.number, `${name}.lock`);
  if (held !== undefined) {
    removeOwnedTree(store.layers.number, name, store.staging.number);
  }
}

/** Undefined: it is sound, or was removed meanwhile. */
async function problemOf(check: BlobCheck, entry: DirectoryEntry): Promise<string | undefined> {
  try {
    return entry.type === "directory"
      ? folderProblem(check.store, entry.name)
      : await fileProblem(check, entry.name);
  } catch (error) {
    if (error instanceof OcicatError && error.code === "not-found") {
      return undefined;
    }
    if (error instanceof OcicatError && error.code === "invalid-config") {
      return error.reason;
    }
    throw error;
  }
}

function folderProblem({ layers }: Store, name: string): string | undefined {
  if (statAt(layers.number, `${name}/fs`) === undefined) {
    return "its folder fs is missing";
  }
  const text = readTextAtIfExists(layers.number, `${name}/layer.json`);
  return text === undefined || !isObjectText(text)
    ? "its layer.json is missing or damaged"
    : undefined;
}

function isObjectText(text: string): boolean {
  const value = parseJson(text);
  return typeof value === "object" && value !== null;
}

async function fileProblem(check: BlobCheck, name: string): Promise<string | undefined> {
  const { O_NOFOLLOW } = hostArchitecture.openFlags;
  const flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW;
  using file = new OwnedFd(openAt(check.store.layers.number, name, flags));
  const status = statAt(file.number, "");
  if (((status?.mode ?? 0) & S_IFMT) !== S_IFREG) {
    return "it is not a regular file";
  }
  if (name.endsWith(MERGED_SUFFIX)) {
    return hasSuperblock(file.number) ? undefined : "it has no file system";
  }
  const header = readLayerFileHeader(file.number);
  if (header.diffId !== digestOfName(name)) {
    return `it is the layer ${header.diffId}`;
  }
  const archiveEnd = header.tarOffset + header.tarBytes;
  const end = Math.max(archiveEnd, header.metadataOffset + header.metadataBytes);
  if ((status?.size ?? 0) < end) {
    return `it has ${status?.size} bytes, fewer than ${end}`;
  }
  if (header.mountable && !hasSuperblock(file.number)) {
    return "it has no file system";
  }
  if (check.isQuick) {
    return undefined;
  }
  const archive = { digest: header.diffId, offset: header.tarOffset, length: header.tarBytes };
  return (
    (await hashFile(file.number, archive, check.progress)) ??
    (header.mountable
      ? await hashFile(file.number, metadataRange(header), check.progress)
      : undefined)
  );
}

function metadataRange(header: LayerFileHeader): FileRange {
  return {
    digest: `sha256:${header.metadataSha256.toHex()}`,
    offset: header.metadataOffset,
    length: header.metadataHashedBytes,
  };
}

function hasSuperblock(fd: number): boolean {
  const magic = bytes(EROFS_MAGIC.length);
  readAt(fd, magic, SUPERBLOCK_OFFSET, "a file system");
  return EROFS_MAGIC.every((byte, index) => magic[index] === byte);
}

export function* checkRecords(store: Store): Generator<Discovery> {
  for (const { name, record } of readRecords(store)) {
    const missing =
      record === undefined
        ? undefined
        : filesOf(record).find((path) => statAt(store.top.number, path) === undefined);
    const reason = missing === undefined ? undefined : `${missing} is missing`;
    const problem = record === undefined ? "it is damaged, or of another version" : reason;
    if (problem !== undefined) {
      const repair = (): void => {
        tryUnlinkAt(store.images.number, name);
      };
      yield { found: { kind: "record", name, reason: problem }, repair };
    }
  }
}
