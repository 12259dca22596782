// cp: files between a container and the host, between two containers, or as an archive.
//
// Files of an ordinary user's container may be closed to that user. Where the user is lent ids, a process with all
// of these does the copying (src/engine/users).

import { type ArchiveInput, OpenedInput } from "../../image/formats/archive-input.ts";
import { type ArchiveOutput, writeOutput } from "../../image/formats/archive-output.ts";
import type { ByteSink } from "../../image/tar/tar-writer.ts";
import { call } from "../../sys/call.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { mountIdMaps } from "../id-maps.ts";
import type { IdMaps } from "../run-spec.ts";
import { readSurroundings, type SurroundingsOptions } from "../surroundings.ts";
import { type AbsentMount, filesAt } from "./absent-mounts.ts";
import { ContainerFiles } from "./container-files.ts";
import { findContainerId } from "./container-names.ts";
import { type CopyWay, copyBetween, copyFromInput, copyToSink } from "./copy-between.ts";
import type { CopyFiles } from "./copy-side.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

/** A path of a container, from its root; or one of the host, which is absolute. */
export interface CopyPlace {
  readonly container: string | undefined;
  readonly path: string;
}

export interface CopyOptions extends SurroundingsOptions, Omit<CopyWay, "onNote"> {}

export async function copyFiles(
  from: CopyPlace,
  to: CopyPlace,
  options: CopyOptions,
): Promise<void> {
  using places = await openPlaces(from, to, options);
  const counted = places.source.counted ?? places.target.counted;
  if (counted === undefined) {
    await copyBetween(places.source.files, places.target.files, wayOf(options));
  } else {
    await copyAsOwner(places, counted, options);
  }
  places.source.recordCopy();
  places.target.recordCopy();
}

/** As a tar archive. */
export async function copyOut(
  from: CopyPlace,
  output: ArchiveOutput,
  options: CopyOptions,
): Promise<void> {
  using source = await openPlace(from, options);
  const counted = source.counted;
  await writeOutput(output, (onOutput) =>
    counted === undefined
      ? copyToSink(source.files, onOutput, wayOf(options))
      : copyAsOwner({ source, onOutput }, counted, options),
  );
  source.recordCopy();
}

/** Unpacks a tar archive, also a compressed one, with the owners that it says. */
export async function copyIn(
  input: ArchiveInput,
  to: CopyPlace,
  options: CopyOptions,
): Promise<void> {
  using target = await openPlace(to, options);
  const counted = target.counted;
  if (counted === undefined) {
    await copyFromInput(input, target.files, wayOf(options));
  } else {
    using opened = new OpenedInput(input);
    await copyAsOwner({ target, inputFd: opened.file.number }, counted, options);
  }
  target.recordCopy();
}

function wayOf({ archive, followLink, overwrite = false, onWarning }: CopyOptions): CopyWay {
  return { archive, followLink, overwrite, onNote: (text) => onWarning?.(text) };
}

interface OwnersCopy {
  readonly source?: OpenPlace;
  readonly target?: OpenPlace;
  readonly inputFd?: number;
  readonly onOutput?: ByteSink;
}

async function copyAsOwner(
  { source, target, ...streams }: OwnersCopy,
  counted: IdMaps,
  { archive, followLink, overwrite = false, onWarning }: CopyOptions,
): Promise<void> {
  const { streamAsOwner } = await import("../users/as-owner-command.ts");
  const places = [source, target].filter((place) => place !== undefined);
  const said = await streamAsOwner({
    ...streams,
    counted,
    keepFds: places
      .map(({ files }) => files.root)
      .flatMap((root) => ("fd" in root ? [root.fd] : [])),
    task: {
      kind: "copy",
      ...(source === undefined ? {} : { from: source.files }),
      ...(target === undefined ? {} : { to: target.files }),
      archive,
      followLink,
      overwrite,
    },
  });
  for (const text of said) {
    onWarning?.(text);
  }
}

interface OpenPlaces extends Disposable {
  readonly source: OpenPlace;
  readonly target: OpenPlace;
}

/**
 * Of two containers that do not run both are locked, always in the same order: else two copies in opposite
 * directions could wait for each other.
 */
async function openPlaces(
  from: CopyPlace,
  to: CopyPlace,
  options: CopyOptions,
): Promise<OpenPlaces> {
  using stack = new DisposableStack();
  const isTargetFirst = await comesBefore(to, from, options);
  const [first, second] = isTargetFirst ? [to, from] : [from, to];
  const opened = { first: stack.use(await openPlace(first, options)) };
  const openSecond = async () =>
    (await samePlace(opened.first, second, options)) ?? (await openPlace(second, options));
  const both = { ...opened, second: stack.use(await openSecond()) };
  const held = stack.move();
  return {
    source: isTargetFirst ? both.second : both.first,
    target: isTargetFirst ? both.first : both.second,
    [Symbol.dispose]: () => held.dispose(),
  };
}

/** Whether the one container's id is less than the other's. The host is nobody's to lock. */
async function comesBefore(
  { container: one }: CopyPlace,
  { container: other }: CopyPlace,
  options: CopyOptions,
): Promise<boolean> {
  if (one === undefined || other === undefined) {
    return false;
  }
  const { storeRoot } = await readSurroundings(options);
  return findContainerId(storeRoot, one) < findContainerId(storeRoot, other);
}

/** One that does not run is locked: it is opened once alone. Undefined: they are not in the same container. */
async function samePlace(
  open: OpenPlace,
  { container, path }: CopyPlace,
  options: CopyOptions,
): Promise<OpenPlace | undefined> {
  if (container === undefined || open.id === undefined) {
    return undefined;
  }
  const { storeRoot } = await readSurroundings(options);
  if (findContainerId(storeRoot, container) !== open.id) {
    return undefined;
  }
  const files = filesAt(open.base, open.mounts, path);
  return { ...open, files, recordCopy: () => undefined, [Symbol.dispose]: () => undefined };
}

interface OpenPlace extends Disposable {
  /** Of the container; undefined for the host's. */
  readonly id: string | undefined;
  readonly files: CopyFiles;
  /** What `files` is of, whatever the path. */
  readonly base: Omit<CopyFiles, "path">;
  readonly mounts: readonly AbsentMount[];
  /** Of the user whose container it is, where the user is lent ids. */
  readonly counted: IdMaps | undefined;
  /** Files of it have been read or written; nobody records that of the host's. */
  recordCopy(): void;
}

async function openPlace({ container, path }: CopyPlace, options: CopyOptions): Promise<OpenPlace> {
  if (container === undefined) {
    return hostPlace(path);
  }
  using stack = new DisposableStack();
  const opened = { container: stack.use(await openContainer(container, options)) };
  const found = { files: stack.use(await ContainerFiles.open(opened.container)) };
  const base = await filesOf(opened.container, found.files);
  const mounts = found.files.absentMounts;
  const held = stack.move();
  return {
    id: opened.container.record.id,
    files: filesAt(base, mounts, path),
    base,
    mounts,
    counted: opened.container.lentMaps,
    recordCopy: () => recordContainerEvent(opened.container, "copy"),
    [Symbol.dispose]: () => held.dispose(),
  };
}

function hostPlace(path: string): OpenPlace {
  const base = {
    root: { kind: "path", path: "/" },
    isContainer: false,
    absentMounts: [],
    readOnly: false,
    canChown: call("geteuid") === 0,
  } as const;
  return {
    id: undefined,
    files: { ...base, path },
    base,
    mounts: [],
    counted: undefined,
    recordCopy: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
}

async function filesOf(
  container: StoredContainer,
  { root, absentMounts, readOnly, isRunning }: ContainerFiles,
): Promise<Omit<CopyFiles, "path">> {
  const places = absentMounts.map(({ place }) => place);
  const common = { root, isContainer: true, absentMounts: places, readOnly };
  const { fileMaps, lentMaps } = container;
  if (fileMaps !== undefined && lentMaps !== undefined) {
    const { countedMaps } = await import("../users/as-owner-command.ts");
    const maps = countedMaps(fileMaps, lentMaps);
    return { ...common, owners: maps, writing: { maps, isRootElse: true }, canChown: true };
  }
  const own = isRunning ? mountIdMaps(container.record.options) : undefined;
  const owners = fileMaps ?? own;
  return {
    ...common,
    ...(owners === undefined ? {} : { owners }),
    ...(own === undefined ? {} : { writing: { maps: own, isRootElse: false } }),
    canChown: call("geteuid") === 0,
  };
}
