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
import { eachContainer } from "../containers/stored-container.ts";
import { recordPrune } from "../events/record-prune.ts";
import { readSurroundings, type Surroundings, type SurroundingsOptions } from "../surroundings.ts";
import { randomVolumeName } from "./container-volumes.ts";
import { parseVolumeFilters } from "./volume-filters.ts";
import { openVolumesIfAny, type Volume, VolumeStore } from "./volume-store.ts";

export interface ListedVolume extends Volume {
  /** The names of those that have it, running or not. */
  readonly containers: readonly string[];
}

export interface CreateVolumeOptions extends SurroundingsOptions {
  readonly labels: Readonly<Record<string, string>>;
}

/** Returns its name. One that is there stays as it is, as with docker. */
export async function createVolume(
  name: string | undefined,
  { labels, ...options }: CreateVolumeOptions,
): Promise<string> {
  const { storeRoot } = await readSurroundings(options);
  using store = new VolumeStore(storeRoot, "shared");
  return store.ensure(name ?? randomVolumeName(), { labels, anonymous: name === undefined }).name;
}

/** `filters`: KEY=VALUE each. */
export async function listVolumes(
  options: SurroundingsOptions & { readonly filters: readonly string[] },
): Promise<readonly ListedVolume[]> {
  const matches = parseVolumeFilters(options.filters);
  const surroundings = await readSurroundings(options);
  using store = openVolumesIfAny(surroundings.storeRoot, "shared");
  return listed(store, surroundings).filter(matches);
}

function listed(store: VolumeStore | undefined, surroundings: Surroundings): ListedVolume[] {
  const users = volumeUsers(surroundings);
  const volumes = store?.list() ?? [];
  return volumes.map((volume) => ({ ...volume, containers: users.get(volume.name) ?? [] }));
}

function volumeUsers(surroundings: Surroundings): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>();
  eachContainer(surroundings, ({ record }) => {
    for (const { name = "" } of record.options.volumes ?? []) {
      users.set(name, [...(users.get(name) ?? []), record.name]);
    }
  });
  return users;
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
  const users = volumeUsers(surroundings).get(volume.name) ?? [];
  if (users.length > 0) {
    throw new OcicatError("wrong-state", {
      operation: "remove",
      subject: `volume ${quote(name)}`,
      reason: `it is in use by ${users.join(", ")}`,
      hint: `\`ocicat rm ${users.join(" ")}\` removes what uses it`,
    });
  }
  await store?.remove(name, rootlessIdMaps(process.env["USER"]));
}

export interface PruneVolumesOptions extends SurroundingsOptions {
  /** Those with a name, too. */
  readonly all: boolean;
  readonly filters: readonly string[];
}

/** Removes those that no container has, and what killed processes have left. Returns their names. */
export async function pruneVolumes(options: PruneVolumesOptions): Promise<readonly string[]> {
  const matches = parseVolumeFilters(options.filters);
  const surroundings = await readSurroundings(options);
  using store = openVolumesIfAny(surroundings.storeRoot, "whole");
  const idMaps = rootlessIdMaps(process.env["USER"]);
  const unused = listed(store, surroundings).filter(
    (volume) => volume.containers.length === 0 && (options.all || volume.anonymous),
  );
  const removed = unused.filter(matches).map(({ name }) => name);
  for (const name of removed) {
    await store?.remove(name, idMaps);
  }
  await store?.removeLeftovers(idMaps);
  recordPrune(surroundings, "volume");
  return removed;
}

/** Writes what is in it as a tar archive. */
export async function exportVolume(
  name: string,
  output: ArchiveOutput,
  options: SurroundingsOptions,
): Promise<void> {
  const { path } = await inspectVolume(name, options);
  using view = new MergedView([path]);
  const top = view.find("") ?? missing(name);
  const onNote = (text: string): void => options.onWarning?.(text);
  await writeOutput(output, (sink) => writeCopied({ view, top, name: "", onNote }, sink));
}

/** Unpacks a tar archive, also a compressed one, into a volume, which is made if need be. */
export async function importVolume(
  name: string,
  input: ArchiveInput,
  options: SurroundingsOptions,
): Promise<void> {
  const { storeRoot } = await readSurroundings(options);
  using store = new VolumeStore(storeRoot, "shared");
  const { path } = store.ensure(name, { labels: {}, anonymous: false });
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
