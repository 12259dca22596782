// What can be done with volumes: one function for each command.

import { O_RDONLY, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { writeCopied } from "../../image/copy/copied-items.ts";
import { TreeWriter } from "../../image/copy/tree-writer.ts";
import { type ArchiveInput, OpenedInput } from "../../image/formats/archive-input.ts";
import { type ArchiveOutput, writeOutput } from "../../image/formats/archive-output.ts";
import { unwrap } from "../../image/formats/unwrap.ts";
import { MergedView } from "../../image/merged-view.ts";
import { rootlessIdMaps } from "../../image/owners/lent-ids.ts";
import { TarReader } from "../../image/tar/reader.ts";
import { call } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { recordPrune } from "../events/record-prune.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { randomVolumeName } from "./container-volumes.ts";
import { parseVolumeFilters } from "./volume-filters.ts";
import { type VolumeOptions, volumeMount } from "./volume-options.ts";
import { openVolumesIfAny, type Volume, VolumeStore } from "./volume-store.ts";
import { findVolumeUsers, type VolumeUsers } from "./volume-users.ts";

export interface ListedVolume extends Volume {
  /** The names of those that have it, running or not. */
  readonly containers: readonly string[];
}

export interface CreateVolumeOptions extends SurroundingsOptions {
  readonly labels: Readonly<Record<string, string>>;
  /** What is mounted in place of its folder: volume-options.ts. */
  readonly options?: VolumeOptions;
}

/** Returns its name. One that is there stays, as with docker. Throws "already-exists" where it is another one. */
export async function createVolume(
  name: string | undefined,
  { labels, options: asked, ...place }: CreateVolumeOptions,
): Promise<string> {
  const isMounted = asked !== undefined && volumeMount(asked) !== undefined;
  const { storeRoot } = await readSurroundings(place);
  using store = new VolumeStore(storeRoot, "shared");
  const anonymous = name === undefined;
  const record = { labels, anonymous, ...(isMounted ? { options: asked } : {}) };
  const volume = store.ensure(name ?? randomVolumeName(), record);
  if (isMounted) {
    requireOptions(volume, asked);
  }
  return volume.name;
}

/** Who asks for options would find other files than these say, or no limit where one was asked for. */
function requireOptions({ name, options = {} }: Volume, asked: VolumeOptions): void {
  if (!Bun.deepEquals(asked, options)) {
    throw new OcicatError("already-exists", {
      operation: "create",
      subject: `volume ${quote(name)}`,
      reason: "there is one of this name with other options",
      hint: `\`ocicat volume inspect ${name}\` shows them, \`ocicat volume rm ${name}\` removes it`,
    });
  }
}

/** `filters`: KEY=VALUE each. */
export async function listVolumes(
  options: SurroundingsOptions & { readonly filters: readonly string[] },
): Promise<readonly ListedVolume[]> {
  const matches = parseVolumeFilters(options.filters);
  const surroundings = await readSurroundings(options);
  using store = openVolumesIfAny(surroundings.storeRoot, "shared");
  const users = findVolumeUsers(surroundings);
  for (const { id, reason } of users.unreadable) {
    options.onWarning?.(`which volumes container ${id.slice(0, 12)} has is not known: ${reason}`);
  }
  return listed(store, users, options).filter(matches);
}

function listed(
  store: VolumeStore | undefined,
  { known }: VolumeUsers,
  { onWarning }: SurroundingsOptions,
): ListedVolume[] {
  const volumes = store?.list((text) => onWarning?.(text)) ?? [];
  return volumes.map((volume) => ({ ...volume, containers: known.get(volume.name) ?? [] }));
}

/** Throws "not-found". */
export async function inspectVolume(name: string, options: SurroundingsOptions): Promise<Volume> {
  const { storeRoot } = await readSurroundings(options);
  using store = openVolumesIfAny(storeRoot, "shared");
  return store?.get(name) ?? missing(name);
}

function missing(name: string): never {
  throw new OcicatError("not-found", {
    operation: "find",
    subject: `volume ${quote(name)}`,
    reason: "there is none of this name",
  });
}

/** Throws "wrong-state" for one that a container has, running or not. */
export async function removeVolume(name: string, options: SurroundingsOptions): Promise<void> {
  const surroundings = await readSurroundings(options);
  using store = openVolumesIfAny(surroundings.storeRoot, "whole");
  const volume = store?.get(name) ?? missing(name);
  requireUnused(volume.name, findVolumeUsers(surroundings));
  await store?.remove(name, rootlessIdMaps(process.env["USER"]));
}

function requireUnused(name: string, { known, unreadable }: VolumeUsers): void {
  const users = known.get(name) ?? [];
  const possible = unreadable.map(({ id }) => id.slice(0, 12));
  if (users.length > 0 || possible.length > 0) {
    const isKnown = users.length > 0;
    throw new OcicatError("wrong-state", {
      operation: "remove",
      subject: `volume ${quote(name)}`,
      reason: isKnown
        ? `it is in use by ${users.join(", ")}`
        : `it may be in use by ${possible.join(", ")}, whose records cannot be read`,
      hint: `\`ocicat rm ${[...(isKnown ? users : ["--force", ...possible])].join(" ")}\` removes what uses it`,
    });
  }
}

export interface PruneVolumesOptions extends SurroundingsOptions {
  /** Those with a name, too. */
  readonly all: boolean;
  readonly filters: readonly string[];
}

/**
 * Removes those that no container has, and what killed processes have left. Returns their names. A container
 * that cannot be read may have any of them: then all stay, with a warning.
 */
export async function pruneVolumes(options: PruneVolumesOptions): Promise<readonly string[]> {
  const matches = parseVolumeFilters(options.filters);
  const surroundings = await readSurroundings(options);
  using store = openVolumesIfAny(surroundings.storeRoot, "whole");
  const idMaps = rootlessIdMaps(process.env["USER"]);
  const users = findVolumeUsers(surroundings);
  const unused = listed(store, users, options).filter(
    (volume) => volume.containers.length === 0 && (options.all || volume.anonymous),
  );
  const found = unused.filter(matches).map(({ name }) => name);
  const removed = users.unreadable.length === 0 ? found : keptForSafety(found, users, options);
  for (const name of removed) {
    await store?.remove(name, idMaps);
  }
  await store?.removeLeftovers(idMaps);
  recordPrune(surroundings, "volume");
  return removed;
}

function keptForSafety(
  names: readonly string[],
  { unreadable }: VolumeUsers,
  { onWarning }: SurroundingsOptions,
): readonly string[] {
  for (const { id, reason } of names.length === 0 ? [] : unreadable) {
    const short = id.slice(0, 12);
    onWarning?.(
      `no volume is removed, for container ${short} may have it: ${reason}; ` +
        `\`ocicat rm --force ${short}\` removes that`,
    );
  }
  return [];
}

/** Writes what is in it as a tar archive. */
export async function exportVolume(
  name: string,
  output: ArchiveOutput,
  options: SurroundingsOptions,
): Promise<void> {
  const path = readablePath(await inspectVolume(name, options), "export");
  using view = new MergedView([path]);
  const top = view.find("") ?? missing(name);
  const onNote = (text: string): void => options.onWarning?.(text);
  await writeOutput(output, (sink) => writeCopied({ view, top, name: "", onNote }, sink));
}

/** The folder of the host that it is. Throws "unsupported" for what only containers have mounted. */
function readablePath({ name, path, options = {} }: Volume, operation: string): string {
  const mounted = volumeMount(options);
  if (mounted === undefined || mounted.type === "bind") {
    return mounted?.source ?? path;
  }
  throw new OcicatError("unsupported", {
    operation,
    subject: `volume ${quote(name)}`,
    reason: `it is mounted (${mounted.type}) in containers alone`,
    hint: "`ocicat cp` reads and writes files of a container that runs",
  });
}

/** Unpacks a tar archive, also a compressed one, into a volume, which is made if need be. */
export async function importVolume(
  name: string,
  input: ArchiveInput,
  options: SurroundingsOptions,
): Promise<void> {
  const { storeRoot } = await readSurroundings(options);
  using store = new VolumeStore(storeRoot, "shared");
  const path = readablePath(store.ensure(name, { labels: {}, anonymous: false }), "import");
  using folder = new OwnedFd(open(path, O_RDONLY | hostArchitecture.openFlags.O_DIRECTORY));
  const place = { fd: folder.number, folder: "", resolve: RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
  using opened = new OpenedInput(input);
  using writer = new TreeWriter(place, { owner: undefined, canChown: call("geteuid") === 0 });
  const reader = new TarReader(writer);
  await unwrap(await opened.sniffed(), (chunk) => reader.push(chunk), undefined);
  reader.finish();
  for (const note of writer.finish()) {
    options.onWarning?.(note);
  }
}
