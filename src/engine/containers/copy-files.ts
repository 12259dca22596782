// cp: files between a container and the host, between two containers, or as an archive.

import { O_PATH, RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS } from "../../abi/file.ts";
import { OcicatError, quote } from "../../error/ocicat-error.ts";
import { type CopiedTree, writeCopied } from "../../image/copy/copied-items.ts";
import {
  type CopyTarget,
  findSource,
  findTarget,
  findTargetFolder,
  lastName,
} from "../../image/copy/copy-target.ts";
import { MappedWriter } from "../../image/copy/mapped-writer.ts";
import { TreeWriter } from "../../image/copy/tree-writer.ts";
import { type ArchiveInput, OpenedInput } from "../../image/formats/archive-input.ts";
import { type ArchiveOutput, writeOutput } from "../../image/formats/archive-output.ts";
import type { MapOwner } from "../../image/formats/export-item.ts";
import { unwrap } from "../../image/formats/unwrap.ts";
import { type MergedEntry, MergedView } from "../../image/merged-view.ts";
import type { TarHandler } from "../../image/tar/entry.ts";
import { TarReader } from "../../image/tar/reader.ts";
import { cleanComponents } from "../../image/unpack/placement.ts";
import { toByteString, tryOpenByteAt2 } from "../../sys/byte-path.ts";
import { call, checked } from "../../sys/call.ts";
import { hostArchitecture } from "../../sys/entry.ts";
import { OwnedFd, open } from "../../sys/file.ts";
import { recordContainerEvent } from "../events/container-event.ts";
import { mountIdMaps } from "../id-maps.ts";
import type { IdMaps } from "../run-spec.ts";
import type { SurroundingsOptions } from "../surroundings.ts";
import { ContainerFiles, IN_CONTAINER } from "./container-files.ts";
import { ownersInside, ownersOutside } from "./container-owners.ts";
import { pathOfFd } from "./container-root.ts";
import { openContainer, type StoredContainer } from "./stored-container.ts";

/** A path of a container, from its root; or one of the host, which is absolute. */
export interface CopyPlace {
  readonly container: string | undefined;
  readonly path: string;
}

export interface CopyOptions extends SurroundingsOptions {
  /** Owners and all permissions as they are; else everything becomes the target's root's, or ours. */
  readonly archive: boolean;
  /** A link at the end of the source stands for what it leads to. */
  readonly followLink: boolean;
  /** Directories give way to other things, and these to directories. */
  readonly overwrite?: boolean;
}

export async function copyFiles(
  from: CopyPlace,
  to: CopyPlace,
  options: CopyOptions,
): Promise<void> {
  using source = await openPlace(from, options);
  using target = await openPlace(to, options);
  const top = source.find(options.followLink);
  target.requirePresent(target.path);
  const { archive, overwrite: overwrites = false } = options;
  const found = findTarget(target.view, target.path, { path: source.path, entry: top, overwrites });
  const writer = target.writer(found, { keepsOwners: archive, overwrites });
  const reader = new TarReader(writer);
  const tree = { view: source.view, top, name: found.name, ...source.reading(options) };
  await writeCopied(tree, (chunk) => reader.push(chunk));
  reader.finish();
  writer.finish().forEach(noteOf(options));
  source.recordCopy();
  target.recordCopy();
}

/** As a tar archive. */
export async function copyOut(
  from: CopyPlace,
  output: ArchiveOutput,
  options: CopyOptions,
): Promise<void> {
  using source = await openPlace(from, options);
  const top = source.find(options.followLink);
  const name = source.path.endsWith("/.") || top.path === "" ? "" : lastName(source.path);
  const tree: CopiedTree = { view: source.view, top, name, ...source.reading(options) };
  await writeOutput(output, (sink) => writeCopied(tree, sink));
  source.recordCopy();
}

/** Unpacks a tar archive, also a compressed one, with the owners that it says. */
export async function copyIn(
  input: ArchiveInput,
  to: CopyPlace,
  options: CopyOptions,
): Promise<void> {
  using target = await openPlace(to, options);
  target.requirePresent(target.path);
  const found = findTargetFolder(target.view, target.path);
  using opened = new OpenedInput(input);
  const writer = target.writer(found, {
    keepsOwners: true,
    overwrites: options.overwrite === true,
  });
  const reader = new TarReader(writer);
  await unwrap(await opened.sniffed(), (chunk) => reader.push(chunk), undefined);
  reader.finish();
  writer.finish().forEach(noteOf(options));
  target.recordCopy();
}

function noteOf({ onWarning }: SurroundingsOptions): (text: string) => void {
  return (text) => onWarning?.(text);
}

interface FinishedWriter {
  /** Returns what could not be kept. */
  finish(): readonly string[];
}

interface WritingRules {
  readonly keepsOwners: boolean;
  readonly overwrites: boolean;
}

class OpenPlace implements Disposable {
  readonly view: MergedView;
  /** A byte string. */
  readonly path: string;
  readonly #container: StoredContainer | undefined;
  readonly #stack: DisposableStack;
  readonly #rootFd: number;
  readonly #absentMounts: readonly string[];
  readonly #readOnly: boolean;
  readonly #resolve: number;
  readonly #mapOwner: MapOwner;
  /** Of one that runs with other ids than those of its files. */
  readonly #outside: MapOwner | undefined;
  readonly #owner: { readonly uid: number; readonly gid: number };

  constructor(request: {
    readonly stack: DisposableStack;
    readonly rootFd: number;
    readonly path: string;
    readonly isContainer: boolean;
    readonly container?: StoredContainer;
    readonly absentMounts?: readonly string[];
    readonly readOnly?: boolean;
    readonly idMaps?: IdMaps | undefined;
    readonly outside?: MapOwner | undefined;
  }) {
    const { stack, rootFd, path, isContainer, absentMounts = [], readOnly = false } = request;
    this.view = stack.use(new MergedView([pathOfFd(rootFd)]));
    this.path = toByteString(path);
    this.#container = request.container;
    this.#stack = stack;
    this.#rootFd = rootFd;
    this.#mapOwner = ownersInside(request.idMaps);
    this.#outside = request.outside;
    this.#absentMounts = absentMounts;
    this.#readOnly = readOnly;
    this.#resolve = isContainer ? IN_CONTAINER : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    this.#owner = isContainer ? { uid: 0, gid: 0 } : { uid: call("geteuid"), gid: call("getegid") };
  }

  reading(options: CopyOptions): Pick<CopiedTree, "onNote"> & { readonly mapOwner: MapOwner } {
    return { mapOwner: this.#mapOwner, onNote: noteOf(options) };
  }

  /** Files of it have been read or written; nobody records that of the host's. */
  recordCopy(): void {
    if (this.#container !== undefined) {
      recordContainerEvent(this.#container, "copy");
    }
  }

  find(followLink: boolean): MergedEntry {
    this.requirePresent(this.path);
    const entry = findSource(this.view, this.path, followLink);
    this.requirePresent(entry.path);
    return entry;
  }

  /** Of a mount, only the place is there while a container does not run. */
  requirePresent(given: string): void {
    const path = cleanComponents(given).join("/");
    const mount = this.#absentMounts.find((each) => path === each || path.startsWith(`${each}/`));
    if (mount !== undefined) {
      throw new OcicatError("unavailable", {
        operation: "copy",
        subject: quote(`/${path}`),
        reason: `what is mounted on "/${mount}" is there only while the container runs`,
      });
    }
  }

  /** Until the place is disposed of. */
  writer(
    { folder, name }: CopyTarget,
    { keepsOwners, overwrites }: WritingRules,
  ): TarHandler & FinishedWriter {
    this.requirePresent(name === "" ? folder : `${folder}/${name}`);
    if (this.#readOnly) {
      throw new OcicatError("permission-denied", {
        operation: "write to",
        subject: "the container",
        reason: "its root file system is read-only",
      });
    }
    const outside = this.#outside;
    const owner = outside === undefined ? this.#owner : outside(this.#owner);
    const options = {
      owner: keepsOwners ? undefined : owner,
      canChown: call("geteuid") === 0,
      overwrites,
    };
    const writer = new TreeWriter(this.#place(folder), options);
    this.#stack.use(writer);
    return outside === undefined ? writer : new MappedWriter(writer, outside);
  }

  /** On the host the folder that was meant is the bound: nothing in it may lead elsewhere. */
  #place(folder: string) {
    if (this.#resolve === IN_CONTAINER) {
      return { fd: this.#rootFd, folder, resolve: IN_CONTAINER };
    }
    const flags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
    const how = { flags, resolve: RESOLVE_NO_SYMLINKS };
    const opened = tryOpenByteAt2(this.#rootFd, folder === "" ? "." : folder, how);
    const fd = this.#stack.use(new OwnedFd(checked(opened, "open", quote(`/${folder}`)))).number;
    return { fd, folder: "", resolve: this.#resolve };
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }
}

async function openPlace({ container, path }: CopyPlace, options: CopyOptions): Promise<OpenPlace> {
  using stack = new DisposableStack();
  if (container === undefined) {
    const flags = O_PATH | hostArchitecture.openFlags.O_DIRECTORY;
    const rootFd = stack.use(new OwnedFd(open("/", flags))).number;
    return new OpenPlace({ stack: stack.move(), rootFd, path, isContainer: false });
  }
  const opened = stack.use(await openContainer(container, options));
  const files = { open: stack.use(await ContainerFiles.open(opened)) };
  const own = files.open.isRunning ? mountIdMaps(opened.record.options) : undefined;
  return new OpenPlace({
    stack: stack.move(),
    rootFd: files.open.rootFd,
    path,
    isContainer: true,
    container: opened,
    absentMounts: files.open.absentMounts,
    readOnly: files.open.readOnly,
    idMaps: opened.fileMaps ?? own,
    outside: own === undefined ? undefined : ownersOutside(own),
  });
}
