// The unpacked layers of the store. A layer is named by its ChainID (image-spec config.md): it is
// unpacked as if applied on top of those below it, so that what it looks like depends on them. Images
// that begin with the same layers share them.
//
// One process makes a layer, in staging and under its lock; others wait and take what it made. The
// rename to layers/ is the commit.
//
// layer.json: {"version": 1, "diffId": ..., "bytes": of the archive, "notes": [...]}

import { O_RDONLY } from "../abi/file.ts";
import { OcicatError } from "../error/ocicat-error.ts";
import type { Store } from "../store/layout.ts";
import { lock } from "../store/lock.ts";
import { parseJson } from "../store/parse-json.ts";
import { call, checked } from "../sys/call.ts";
import { hostArchitecture } from "../sys/entry.ts";
import {
  OwnedFd,
  openAt,
  readTextAtIfExists,
  renameAt,
  replaceFileAt,
  statAt,
  tryMkdirAt,
} from "../sys/file.ts";
import { MergedView } from "./merged-view.ts";
import { removeOwnedTree } from "./owners/take-ownership.ts";
import type { InsideOwners } from "./unpack/inside-owners.ts";
import { type LayerSource, type UnpackOptions, unpackLayer } from "./unpack/unpack-layer.ts";

export interface LayerRequest {
  /** Under layers/. */
  readonly name: string;
  readonly source: LayerSource;
  /** The folders of the layers below, topmost first. */
  readonly lower: readonly string[];
  readonly ownership: "keep" | "single";
  /** As UnpackTarget has it. */
  readonly owners?: InsideOwners;
}

export interface EnsureOptions extends UnpackOptions {
  /** Another process makes the layer. */
  readonly onWait?: () => void;
}

const LOCK_SUFFIX = ".lock";
const PRIVATE = 0o700;

/** Makes the layer unless it is there. Returns what unpacking it could not keep. */
export async function ensureLayer(
  store: Store,
  request: LayerRequest,
  options: EnsureOptions = {},
): Promise<readonly string[]> {
  const existing = findLayerNotes(store, request.name);
  if (existing !== undefined) {
    return existing;
  }
  const lockName = request.name + LOCK_SUFFIX;
  using _held = await lock(store.staging.number, lockName, options.onWait);
  return findLayerNotes(store, request.name) ?? (await makeLayer(store, request, options));
}

async function makeLayer(
  store: Store,
  request: LayerRequest,
  options: EnsureOptions,
): Promise<readonly string[]> {
  const { name, source, owners } = request;
  const staging = store.staging.number;
  removeOwnedTree(staging, name);
  try {
    using folder = makeFolder(staging, name);
    using root = makeFolder(folder.number, "fs");
    using lower = request.lower.length === 0 ? undefined : new MergedView(request.lower);
    const target = {
      rootFd: root.number,
      asideFd: folder.number,
      lower,
      ownership: request.ownership,
      ...(owners === undefined ? {} : { owners }),
    };
    const { bytes, notes } = await unpackLayer(source, target, options);
    const description = { version: 1, diffId: source.diffId, bytes, notes };
    replaceFileAt(folder.number, "layer.json", JSON.stringify(description));
    // Before the rename: after a power cut a layer is whole or is not there.
    checked(call("syncfs", folder.number), "write to the disk", `the layer ${name}`);
    renameAt(staging, name, store.layers.number, name);
    return notes;
  } catch (error) {
    discard(staging, name, error);
    throw error;
  }
}

function makeFolder(parentFd: number, name: string): OwnedFd {
  const { O_DIRECTORY, O_NOFOLLOW } = hostArchitecture.openFlags;
  checked(tryMkdirAt(parentFd, name, PRIVATE), "make the directory", name);
  return new OwnedFd(openAt(parentFd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
}

/** A failure here is noted with the error that led to it. */
function discard(staging: number, name: string, error: unknown): void {
  try {
    removeOwnedTree(staging, name);
  } catch (failure) {
    if (error instanceof OcicatError) {
      error.cleanupFailures.push(failure);
    }
  }
}

/** What unpacking it could not keep. Undefined: the layer is not in the store. */
export function findLayerNotes(store: Store, name: string): readonly string[] | undefined {
  if (statAt(store.layers.number, name) === undefined) {
    return undefined;
  }
  const text = readTextAtIfExists(store.layers.number, `${name}/layer.json`);
  const description = parseJson(text ?? "{}");
  const notes =
    typeof description === "object" && description !== null && "notes" in description
      ? description.notes
      : [];
  return Array.isArray(notes) ? notes.filter((note) => typeof note === "string") : [];
}
